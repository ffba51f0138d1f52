import { Readable } from 'node:stream';
import type * as BlobLibraryModule from '@azure/storage-blob';
import type { BlobServiceClient, ContainerClient, StoragePipelineOptions } from '@azure/storage-blob';
import { messageOf } from '@edgewright/contract';
import { BatchError } from '../batch-error.ts';
import type { BlobAddress } from './blob-address.ts';
import type { Place, PlaceEntry } from './place.ts';

/** How to reach a storage account: what its address lacks, from Azure's own variables of the environment. */
export interface BlobAccess {
  /** `AZURE_STORAGE_CONNECTION_STRING` */
  readonly connectionString?: string | undefined;
  /** `AZURE_STORAGE_SAS_TOKEN` */
  readonly sasToken?: string | undefined;
  /** `AZURE_STORAGE_KEY` */
  readonly accountKey?: string | undefined;
}

type BlobLibrary = typeof BlobLibraryModule;

const BLOCK_BYTES = 4 * 1024 * 1024;
const BLOCKS_AT_ONCE = 4;
const OPTIONS: StoragePipelineOptions = {
  retryOptions: { maxTries: 5, retryDelayInMs: 250, maxRetryDelayInMs: 8000, tryTimeoutInMs: 60_000 },
};

/** A prefix of a container of Azure Blob Storage. */
export class BlobPlace implements Place {
  readonly text: string;
  readonly #container: ContainerClient;
  readonly #prefix: string;

  private constructor(container: ContainerClient, { text, prefix }: { text: string; prefix: string }) {
    this.#container = container;
    this.#prefix = prefix;
    this.text = text;
  }

  /** @throws BatchError `PlaceUnusable` */
  static async open(address: BlobAddress, access: BlobAccess): Promise<BlobPlace> {
    const text = `${address.endpoint}/${address.container}${address.path === '' ? '' : `/${address.path}`}`;
    try {
      // half a second of loading, for those only who need it
      const blobs = await import('@azure/storage-blob');
      const service = serviceOf(blobs, address, access);
      const prefix = address.path === '' ? '' : `${address.path.replace(/\/$/, '')}/`;
      return new BlobPlace(service.getContainerClient(address.container), { text, prefix });
    } catch (cause) {
      throw new BatchError('PlaceUnusable', `cannot open ${text}: ${messageOf(cause)}`, {
        details: { place: text },
        cause,
      });
    }
  }

  async *list(prefix = ''): AsyncIterable<PlaceEntry> {
    try {
      const blobs = this.#container.listBlobsFlat({ prefix: this.#prefix + prefix });
      for await (const { name, properties } of blobs) {
        const inside = name.slice(this.#prefix.length);
        // folders of Data Lake Storage are empty blobs
        if (inside === '' || inside.endsWith('/') || inside.split('/').some((part) => part.startsWith('.'))) continue;
        yield { name: inside, sizeBytes: properties.contentLength ?? 0 };
      }
    } catch (cause) {
      throw this.#unusable('list', prefix, cause);
    }
  }

  async find(name: string): Promise<PlaceEntry | undefined> {
    try {
      const { contentLength } = await this.#blob(name).getProperties();
      return { name, sizeBytes: contentLength ?? 0 };
    } catch (cause) {
      if (statusOf(cause) === 404) return undefined;
      throw this.#unusable('look at', name, cause);
    }
  }

  async read(name: string, range?: { readonly start: number; readonly end: number }): Promise<Buffer> {
    try {
      if (range !== undefined && range.end === range.start) return Buffer.alloc(0);
      const length = range === undefined ? ((await this.find(name))?.sizeBytes ?? 1) : range.end - range.start;
      if (length === 0) return Buffer.alloc(0);
      return await this.#blob(name).downloadToBuffer(range?.start ?? 0, length);
    } catch (cause) {
      throw this.#unusable('read', name, cause);
    }
  }

  async *stream(name: string): AsyncIterable<Uint8Array> {
    try {
      const { readableStreamBody } = await this.#blob(name).download(0, undefined, { maxRetryRequests: 5 });
      yield* (readableStreamBody ?? Readable.from([])) as unknown as AsyncIterable<Uint8Array>;
    } catch (cause) {
      throw this.#unusable('read', name, cause);
    }
  }

  async write(name: string, bytes: Uint8Array | string): Promise<void> {
    try {
      await this.#blob(name).uploadData(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    } catch (cause) {
      throw this.#unusable('write', name, cause);
    }
  }

  /** Blocks are put one by one and become the blob all at once. */
  async writeFrom(name: string, source: AsyncIterable<Uint8Array>): Promise<number> {
    let written = 0;
    async function* counted(): AsyncIterable<Uint8Array> {
      for await (const bytes of source) {
        written += bytes.length;
        yield bytes;
      }
    }
    try {
      const stream = Readable.from(counted(), { objectMode: false });
      await this.#blob(name).uploadStream(stream, BLOCK_BYTES, BLOCKS_AT_ONCE);
      return written;
    } catch (cause) {
      throw this.#unusable('write', name, cause);
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await this.#blob(name).deleteIfExists();
    } catch (cause) {
      throw this.#unusable('remove', name, cause);
    }
  }

  #blob(name: string) {
    return this.#container.getBlockBlobClient(this.#prefix + name);
  }

  #unusable(what: string, name: string, cause: unknown): BatchError {
    if (cause instanceof BatchError) return cause;
    const place = name === '' ? this.text : `${this.text.replace(/\/$/, '')}/${name}`;
    const status = statusOf(cause);
    const hint =
      status === 401 || status === 403
        ? '; give a shared access signature in the address, or set AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN'
        : '';
    const told = messageOf(cause).split('\n')[0];
    const reason =
      status === 404 ? 'there is no such blob or container' : told || `the service answers with status ${status}`;
    return new BatchError('PlaceUnusable', `cannot ${what} ${place}: ${reason}${hint}`, {
      details: { place, ...(status === undefined ? {} : { status }) },
      cause,
    });
  }
}

function serviceOf(
  { BlobServiceClient: Service, StorageSharedKeyCredential, AnonymousCredential }: BlobLibrary,
  { endpoint, account, sas }: BlobAddress,
  { connectionString, sasToken, accountKey }: BlobAccess,
): BlobServiceClient {
  const signature = sas ?? sasToken?.replace(/^\?/, '');
  if (sas === undefined && connectionString !== undefined) {
    const service = Service.fromConnectionString(connectionString, OPTIONS);
    if (service.accountName === account) return service;
    throw new TypeError(`AZURE_STORAGE_CONNECTION_STRING is of the account "${service.accountName}", not "${account}"`);
  }
  if (sas === undefined && accountKey !== undefined) {
    return new Service(endpoint, new StorageSharedKeyCredential(account, accountKey), OPTIONS);
  }
  return new Service(
    signature === undefined ? endpoint : `${endpoint}?${signature}`,
    new AnonymousCredential(),
    OPTIONS,
  );
}

function statusOf(cause: unknown): number | undefined {
  const { statusCode } = (cause ?? {}) as { readonly statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
}
