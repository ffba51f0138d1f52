import { stat } from 'node:fs/promises';
import type { Platform } from '@edgewright/contract';
import type { LayerSource } from './layer-source.ts';
import { findNodeFiles, nodePackages } from './node-package.ts';
import { arrangeEntries } from './tar-entry.ts';

/** Where Node.js stands in the official images as well. */
const NODE_PATH = 'usr/local/bin/node';
const LICENSE_PATH = 'usr/local/LICENSE';

/** Node.js of a platform, for base images that have none. It needs a C library (glibc 2.28) from the base. */
export function nodeLayer(platform: Platform, cacheDirectory: string, signal?: AbortSignal): LayerSource {
  const wanted = nodePackages[platform];
  return {
    role: 'node',
    title: `Node.js ${wanted.version}`,
    key: [wanted.name, wanted.version, wanted.integrity],
    compression: 'gzip',
    entries: async () => {
      const { node, license } = await findNodeFiles(wanted, cacheDirectory, signal);
      const sizes = { node: await stat(node), license: await stat(license) };
      return arrangeEntries('usr/local/bin/node', [
        { type: 'file', path: NODE_PATH, source: node, sizeBytes: sizes.node.size, executable: true },
        { type: 'file', path: LICENSE_PATH, source: license, sizeBytes: sizes.license.size },
      ]);
    },
  };
}
