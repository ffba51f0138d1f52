import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import { ModelsError } from '../models-error.ts';
import { BlobFolder } from '../store/blob-folder.ts';

/** The folder in which a remote registry keeps files that are used on this machine. @throws ModelsError `RegistryUnusable` */
export async function openFileCache(directory: string): Promise<BlobFolder> {
  const root = path.resolve(directory);
  try {
    await mkdir(root, { recursive: true });
    const cache = new BlobFolder(root);
    await cache.removeAbandoned(new Date());
    return cache;
  } catch (cause) {
    throw new ModelsError(
      'RegistryUnusable',
      `cannot use the folder "${root}" for files of models: ${messageOf(cause)}`,
      {
        details: { directory: root },
        cause,
      },
    );
  }
}
