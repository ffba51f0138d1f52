import type { ModelRegistry } from '../model-registry.ts';
import { openFileCache } from './open-file-cache.ts';
import type { OciRepository } from './oci-repository.ts';
import { OciStore } from './oci-store.ts';
import { RemoteModelRegistry } from './remote-model-registry.ts';

export interface OpenOciRegistryOptions {
  /** The client of the repository; it is closed with the registry. */
  readonly repository: OciRepository;
  /** A folder for files in use on this machine. */
  readonly cacheDirectory: string;
  /** The clock; default the real one. */
  readonly now?: () => Date;
}

/**
 * Opens the registry in a repository of a container registry. Nothing is asked of it yet.
 *
 * @throws ModelsError `RegistryUnusable` for the folder
 */
export async function openOciRegistry(options: OpenOciRegistryOptions): Promise<ModelRegistry> {
  const { repository, cacheDirectory, now = () => new Date() } = options;
  return new RemoteModelRegistry({ store: new OciStore(repository), cache: await openFileCache(cacheDirectory), now });
}
