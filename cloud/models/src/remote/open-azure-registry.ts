import type { ModelRegistry } from '../model-registry.ts';
import { openFileCache } from './open-file-cache.ts';
import { RemoteModelRegistry } from './remote-model-registry.ts';

/** Somebody who may use a storage account, as `@azure/identity` gives them. */
export interface AzureCredential {
  getToken(
    scopes: string | string[],
    options?: object,
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** How to reach a storage account; the first one given is used. */
export interface AzureBlobAccess {
  /** Must be of the account that the place names. */
  readonly connectionString?: string | undefined;
  /** A shared access signature, with or without its `?`. */
  readonly sasToken?: string | undefined;
  readonly accountKey?: string | undefined;
  readonly credential?: AzureCredential | undefined;
  /** Of the blob service; default `https://ACCOUNT.blob.core.windows.net`. */
  readonly endpoint?: string | undefined;
}

export interface OpenAzureRegistryOptions {
  readonly account: string;
  readonly container: string;
  readonly access: AzureBlobAccess;
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
