import { BlobServiceClient, ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { messageOf } from '@edgewright/contract';
import { ModelsError } from '../models-error.ts';

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

/** A container of a storage account, and how to reach it. */
export interface AzurePlace {
  readonly account: string;
  readonly container: string;
  readonly access: AzureBlobAccess;
}

/** Of each request; a block of 8 MiB passes a line of 1.2 Mbit/s in this time. */
const REQUEST_TIMEOUT_MS = 60_000;
const RETRIES = { maxTries: 5, retryDelayInMs: 250, maxRetryDelayInMs: 8000, tryTimeoutInMs: REQUEST_TIMEOUT_MS };

/**
 * The client of the container in which a registry is.
 *
 * @param place for messages
 * @throws ModelsError `RegistryPlaceInvalid`
 */
export function azureContainer(place: string, { account, container, access }: AzurePlace): ContainerClient {
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
