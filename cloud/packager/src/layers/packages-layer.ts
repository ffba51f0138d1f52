import { stat } from 'node:fs/promises';
import { messageOf } from '@edgewright/contract';
import { APP_ROOT } from './app-layers.ts';
import { packageMissing } from './installed-package.ts';
import type { LayerSource } from './layer-source.ts';
import { arrangeEntries } from './tar-entry.ts';
import type { FileEntry } from './tar-entry.ts';
import type { PackageFile } from './trace-packages.ts';

/**
 * Files of packages, below `node_modules` of the app root.
 *
 * @throws PackagerError `RuntimePackageMissing`
 */
export async function packagesLayer(title: string, packageFiles: readonly PackageFile[]): Promise<LayerSource> {
  const files: FileEntry[] = [];
  const stamps: unknown[] = [];
  for (const { path: place, source } of packageFiles) {
    const { size, mtimeMs } = await stat(source).catch((cause: unknown) => {
      throw packageMissing(place, messageOf(cause), cause);
    });
    files.push({ type: 'file', path: `${APP_ROOT}/node_modules/${place}`, source, sizeBytes: size });
    stamps.push([place, size, mtimeMs]);
  }
  return {
    role: 'runtime',
    title,
    // the dates of the files stand for their contents: reading 50 MB to find that nothing changed would take longer
    key: [title, stamps],
    compression: 'gzip',
    entries: async () => await Promise.resolve(arrangeEntries(APP_ROOT, files)),
  };
}
