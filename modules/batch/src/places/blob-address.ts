import { BatchError } from '../batch-error.ts';

/** Where something is in Azure Blob Storage. */
export interface BlobAddress {
  /** Of the account's blob service, without a `/` at the end. */
  readonly endpoint: string;
  readonly account: string;
  readonly container: string;
  /** Inside the container; empty for all of it. */
  readonly path: string;
  /** A shared access signature that the address came with, without its `?`. */
  readonly sas?: string;
}

/** Whether a text names something in Azure Blob Storage rather than on this machine. */
export function isBlobAddress(text: string): boolean {
  return /^(https?|azblob):\/\//i.test(text);
}

/**
 * Reads `https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH`, with a shared access signature or without,
 * `azblob://ACCOUNT/CONTAINER/PATH`, or the address of an emulator, which has the account in its path.
 *
 * @throws BatchError `PlaceUnusable`
 */
export function parseBlobAddress(text: string): BlobAddress {
  const shown = text.replace(/\?.*$/s, '');
  const refuse = (reason: string) =>
    new BatchError('PlaceUnusable', `"${shown}" is no address of Azure Blob Storage: ${reason}; expected https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH`, { details: { place: shown } }); // prettier-ignore
  if (!URL.canParse(text)) throw refuse('it is no URL');
  const url = new URL(text);
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const inPath = url.protocol !== 'azblob:' && /^(\d+\.\d+\.\d+\.\d+|localhost|\[.*\]|[^.]+)$/.test(url.hostname);
  const account =
    url.protocol === 'azblob:' ? url.hostname : inPath ? (parts.shift() ?? '') : (url.hostname.split('.')[0] ?? '');
  const [container = '', ...rest] = parts;
  if (account === '') throw refuse('it names no account');
  if (container === '') throw refuse('it names no container');
  if (url.protocol === 'http:' && !inPath) throw refuse('it is not encrypted');
  const endpoint =
    url.protocol === 'azblob:'
      ? `https://${account}.blob.core.windows.net`
      : `${url.protocol}//${url.host}${inPath ? `/${account}` : ''}`;
  const sas = url.search.replace(/^\?/, '');
  return { endpoint, account, container, path: rest.join('/').replace(/\/+$/, ''), ...(sas === '' ? {} : { sas }) };
}
