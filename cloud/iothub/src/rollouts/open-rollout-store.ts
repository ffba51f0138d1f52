import type { ContainerClient } from '@azure/storage-blob';
import { IotHubError } from '../iothub-error.ts';
import type { RolloutStore } from './rollout-store.ts';
import { SqliteRolloutStore } from './sqlite-rollout-store.ts';

export interface OpenRolloutStoreOptions {
  /** Where the SQLite file is, when there is no container. */
  readonly directory: string;
  /** `https://ACCOUNT.blob.core.windows.net/CONTAINER`, with a SAS or without; plain HTTP on this machine only, for Azurite. */
  readonly containerUrl?: string;
  /** Of the storage account; without it, and without a SAS, Entra ID is asked. */
  readonly storageConnectionString?: string;
  /** How long the lock of a controller that may have died is waited for; default: until its lease must have ended, 16,000. */
  readonly lockWaitMs?: number;
}

/**
 * Opens the store of rollouts: a file of this machine, or a container of Azure Blob storage, which is made if it is not there.
 *
 * @throws IotHubError `RolloutStoreInvalid`, `RolloutStoreRefused`, `RolloutStoreUnavailable`
 */
export async function openRolloutStore(options: OpenRolloutStoreOptions): Promise<RolloutStore> {
  const { containerUrl, storageConnectionString } = options;
  if (containerUrl === undefined) return SqliteRolloutStore.open(options.directory);
  const url = checkedUrl(containerUrl);
  const container = await connectContainer(url, storageConnectionString);
  const { BlobRolloutStore } = await import('./blob-rollout-store.ts');
  const { BlobFiles } = await import('./blob-files.ts');
  // a SAS for one container may not make it, and does not have to
  if (!url.searchParams.has('sig')) {
    await new BlobFiles(container).call('make sure of the container', (abortSignal) =>
      container.createIfNotExists({ abortSignal }),
    );
  }
  return new BlobRolloutStore(container, options.lockWaitMs);
}

async function connectContainer(url: URL, connectionString: string | undefined): Promise<ContainerClient> {
  const storage = await import('@azure/storage-blob');
  if (url.searchParams.has('sig')) return new storage.ContainerClient(url.href);
  if (connectionString !== undefined) {
    const service = storage.BlobServiceClient.fromConnectionString(connectionString);
    const container = service.getContainerClient(url.pathname.split('/').at(-1) ?? '');
    if (new URL(container.url).href === url.href) return container;
    const account = service.url.replace(/\/$/, '');
    throw invalid(url.href, `the connection string is that of ${account}, so it has to begin with that`);
  }
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new storage.ContainerClient(url.href, new DefaultAzureCredential());
}

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

function checkedUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw invalid(text, 'it is no URL');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK.has(url.hostname))) {
    throw invalid(text, 'it has to begin with https://');
  }
  // the account stands in the host name, or, with emulators, as the first part of the path
  const parts = url.pathname.split('/').filter((part) => part !== '');
  const expected = LOOPBACK.has(url.hostname) ? 2 : 1;
  if (parts.length !== expected) throw invalid(text, 'it has to name the container, and nothing behind that');
  return url;
}

function invalid(text: string, reason: string): IotHubError {
  const [shown = text] = text.split('?', 1);
  return new IotHubError('RolloutStoreInvalid', `cannot keep rollouts in "${shown}": ${reason}`, {
    details: { store: shown },
  });
}
