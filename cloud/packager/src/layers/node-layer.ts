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
      // with the folders: an engine that has to make them itself may close them to everybody but root
      return arrangeEntries('usr/local', [
        { type: 'file', path: NODE_PATH, source: node, sizeBytes: sizes.node.size, executable: true },
        { type: 'file', path: LICENSE_PATH, source: license, sizeBytes: sizes.license.size },
      ]);
    },
  };
}
