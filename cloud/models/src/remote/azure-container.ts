import { BlobServiceClient, ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { messageOf } from '@edgewright/contract';
import { ModelsError } from '../models-error.ts';
import type { OpenAzureRegistryOptions } from './open-azure-registry.ts';

/** Of each request; a block of 8 MiB passes a line of 1.2 Mbit/s in this time. */
const REQUEST_TIMEOUT_MS = 60_000;
const RETRIES = { maxTries: 5, retryDelayInMs: 250, maxRetryDelayInMs: 8000, tryTimeoutInMs: REQUEST_TIMEOUT_MS };

/**
 * The client of the container in which a registry is.
 *
 * @param place for messages
 * @throws ModelsError `RegistryPlaceInvalid`
 */
export function azureContainer(
  place: string,
  { account, container, access }: Pick<OpenAzureRegistryOptions, 'account' | 'container' | 'access'>,
): ContainerClient {
  const { connectionString, sasToken, accountKey, credential } = access;
  const endpoint = access.endpoint ?? `https://${account}.blob.core.windows.net`;
  const address = `${endpoint.replace(/\/$/, '')}/${container}`;
  const settings = { retryOptions: RETRIES };
  try {
    if (connectionString !== undefined) {
      const service = BlobServiceClient.fromConnectionString(connectionString, settings);
      if (service.accountName === account) return service.getContainerClient(container);
      throw new TypeError(`the connection string is of the account "${service.accountName}"`);
    }
    if (sasToken !== undefined)
      return new ContainerClient(`${address}?${sasToken.replace(/^\?/, '')}`, undefined, settings);
    if (accountKey !== undefined) {
      return new ContainerClient(address, new StorageSharedKeyCredential(account, accountKey), settings);
    }
    return new ContainerClient(address, credential, settings);
  } catch (cause) {
    throw new ModelsError('RegistryPlaceInvalid', `cannot open the model registry ${place}: ${messageOf(cause)}`, {
      details: { place },
      cause,
    });
  }
}
