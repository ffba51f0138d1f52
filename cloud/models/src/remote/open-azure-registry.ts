import type { ModelRegistry } from '../model-registry.ts';
import type { AzurePlace } from './azure-container.ts';
import { openFileCache } from './open-file-cache.ts';
import { RemoteModelRegistry } from './remote-model-registry.ts';

export interface OpenAzureRegistryOptions extends AzurePlace {
  /** A folder for files in use on this machine. */
  readonly cacheDirectory: string;
  /** The clock; default the real one. */
  readonly now?: () => Date;
}

/**
 * Opens the registry in a container of Azure Blob Storage. Nothing is asked of Azure yet.
 *
 * @throws ModelsError `RegistryPlaceInvalid`, `RegistryUnusable` for the folder
 */
export async function openAzureRegistry(options: OpenAzureRegistryOptions): Promise<ModelRegistry> {
  const { account, container, cacheDirectory, now = () => new Date() } = options;
  const place = `azblob://${account}/${container}`;
  // Azure's client is loaded only by those who use it: it takes longer than most verbs
  const [{ AzureBlobStore }, { azureContainer }] = await Promise.all([
    import('./azure-blob-store.ts'),
    import('./azure-container.ts'),
  ]);
  const store = new AzureBlobStore(place, azureContainer(place, options));
  return new RemoteModelRegistry({ store, cache: await openFileCache(cacheDirectory), now });
}
