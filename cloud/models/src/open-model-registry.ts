import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import { LocalModelRegistry } from './local-model-registry.ts';
import type { ModelRegistry } from './model-registry.ts';
import { ModelsError } from './models-error.ts';
import { BlobFolder } from './store/blob-folder.ts';
import { ModelIndex } from './store/model-index.ts';

export interface OpenModelRegistryOptions {
  /** The clock; default the real one. */
  readonly now?: () => Date;
}

/**
 * Opens the registry in a folder, and makes it when it is not there. Any number of processes may have it open.
 *
 * @throws ModelsError `RegistryUnusable`
 */
export async function openModelRegistry(
  directory: string,
  options: OpenModelRegistryOptions = {},
): Promise<ModelRegistry> {
  const now = options.now ?? (() => new Date());
  const root = path.resolve(directory);
  try {
    await mkdir(root, { recursive: true });
    const blobs = new BlobFolder(root);
    await blobs.removeAbandoned(new Date());
    return new LocalModelRegistry({
      directory: root,
      index: new ModelIndex(path.join(root, 'registry.sqlite')),
      blobs,
      now,
    });
  } catch (cause) {
    throw new ModelsError('RegistryUnusable', `cannot open the model registry in "${root}": ${messageOf(cause)}`, {
      details: { directory: root },
      cause,
    });
  }
}
