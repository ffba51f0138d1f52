import { BlobServiceClient, ContainerClient, isRestError } from '@azure/storage-blob';
import type { AppendBlobClient } from '@azure/storage-blob';
import { COLLECTION_CONTAINER, messageOf } from '@edgewright/contract';
import { CollectionError } from '../collection-error.ts';
import { lineOf, MAX_LINE_BYTES } from './sink.ts';
import type { FileState, Sink } from './sink.ts';

/** A container of Azure Blob Storage, and what lets this process in. */
export interface BlobPlace {
  /** The address of the container; without it the one called `modeldata` of the account in the connection string. */
  readonly container: string | undefined;
  /** A connection string, or a shared access signature for the container. */
  readonly credential: string;
}

const REQUEST_TIMEOUT_MS = 30_000;
/** The buffer is what waits; the client only bridges a hiccup. */
const RETRIES = { maxTries: 2, retryDelayInMs: 250, maxRetryDelayInMs: 1000, tryTimeoutInMs: REQUEST_TIMEOUT_MS };
/** How much is read of a blob at a time. */
const PIECE_BYTES = 4_194_304;

/** Append blobs of a container. Several processes may write the same one: each block is written only where it was thought to go. */
export class BlobSink implements Sink {
  readonly #container: ContainerClient;

  /** @throws CollectionError `CollectionInvalid` for an address or a credential that cannot be read */
  constructor(place: BlobPlace) {
    this.#container = openContainer(place);
  }

  async look(path: string): Promise<FileState | undefined> {
    return this.#guard('look at', path, async (blob) => {
      try {
        const { contentLength = 0 } = await blob.getProperties();
        return { sizeBytes: contentLength };
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
  }

  async firstLine(path: string): Promise<string> {
    return this.#guard('read', path, async (blob) => {
      for (let bytes = 65_536; ; bytes *= 8) {
        const limit = Math.min(bytes, MAX_LINE_BYTES);
        const read = await this.#range(blob, 0, limit);
        if (read.includes(10) || read.length < limit || limit === MAX_LINE_BYTES) return lineOf(read);
      }
    });
  }

  async append(path: string, position: number, bytes: Uint8Array): Promise<'written' | 'moved' | 'full'> {
    return this.#guard('write', path, async (blob) => {
      try {
        if (position === 0) await this.#create(blob);
        await blob.appendBlock(bytes, bytes.length, { conditions: { appendPosition: position } });
        return 'written';
      } catch (error) {
        if (statusOf(error) === 412) return 'moved';
        if (isRestError(error) && error.code === 'BlockCountExceedsLimit') return 'full';
        throw error;
      }
    });
  }

  async contains(path: string, from: number, bytes: Uint8Array): Promise<boolean> {
    return this.#guard('read', path, async (blob) => {
      const { contentLength = 0 } = await blob.getProperties();
      const wanted = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let before = Buffer.alloc(0);
      for (let start = from; start < contentLength; start += PIECE_BYTES) {
        const piece = await this.#range(blob, start, Math.min(PIECE_BYTES, contentLength - start));
        // a block may stand across two pieces
        const window = Buffer.concat([before, piece]);
        if (window.includes(wanted)) return true;
        before = window.subarray(Math.max(0, window.length - bytes.length + 1));
      }
      return false;
    });
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    await this.#guard('write', path, async () => {
      await this.#whileContainerIsMissing(async () => {
        const blob = this.#container.getBlockBlobClient(path);
        // its name is used once, so what is there already is this
        await blob.upload(bytes, bytes.length, { conditions: { ifNoneMatch: '*' } }).catch((error: unknown) => {
          if (statusOf(error) !== 409 || codeOf(error) !== 'BlobAlreadyExists') throw error;
        });
      });
    });
  }

  /** What is kept in the cloud has its own lifecycle there. */
  async prune(): Promise<{ readonly files: number; readonly bytes: number }> {
    return Promise.resolve({ files: 0, bytes: 0 });
  }

  async #create(blob: AppendBlobClient): Promise<void> {
    const blobHTTPHeaders = { blobContentType: blob.name.endsWith('.csv') ? 'text/csv' : 'application/x-ndjson' };
    await this.#whileContainerIsMissing(async () => {
      await blob.createIfNotExists({ blobHTTPHeaders });
    });
  }

  async #whileContainerIsMissing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (codeOf(error) !== 'ContainerNotFound') throw error;
      await this.#container.createIfNotExists();
      await work();
    }
  }

  async #range(blob: AppendBlobClient, offset: number, count: number): Promise<Buffer> {
    try {
      const { readableStreamBody: stream } = await blob.download(offset, count);
      const pieces: Buffer[] = [];
      for await (const piece of stream ?? []) pieces.push(Buffer.from(piece as Buffer));
      return Buffer.concat(pieces);
    } catch (error) {
      // an empty blob has no range
      if (statusOf(error) === 416) return Buffer.alloc(0);
      throw error;
    }
  }

  async #guard<Value>(what: string, path: string, work: (blob: AppendBlobClient) => Promise<Value>): Promise<Value> {
    try {
      return await work(this.#container.getAppendBlobClient(path));
    } catch (cause) {
      const status = statusOf(cause);
      // the rest of the message is a dump of headers
      const [reason = ''] = messageOf(cause).split('\n');
      const said = [status, codeOf(cause), reason].filter((part) => part !== undefined && part !== '').join(' ');
      const container = this.#container.url.split('?')[0];
      throw new CollectionError('CollectionUploadFailed', `cannot ${what} ${path} in ${container}: ${said}`, {
        details: { path, ...(status === undefined ? {} : { status }) },
        cause,
      });
    }
  }
}

function openContainer({ container, credential }: BlobPlace): ContainerClient {
  const settings = { retryOptions: RETRIES };
  try {
    if (!/(^|;)\s*(AccountKey|SharedAccessSignature|UseDevelopmentStorage)=/i.test(credential)) {
      if (container === undefined) throw new TypeError('a shared access signature needs the address of the container');
      return new ContainerClient(`${container}?${credential.replace(/^\?/, '')}`, undefined, settings);
    }
    const service = BlobServiceClient.fromConnectionString(credential, settings);
    if (container === undefined) return service.getContainerClient(COLLECTION_CONTAINER);
    const wanted = new ContainerClient(container);
    if (wanted.accountName !== service.accountName) {
      throw new TypeError(`the connection string is of the account "${service.accountName}"`);
    }
    return service.getContainerClient(wanted.containerName);
  } catch (cause) {
    const place = container ?? 'the container of the connection string';
    throw new CollectionError('CollectionInvalid', `cannot send collected rows to ${place}: ${messageOf(cause)}`, {
      details: { container },
      cause,
    });
  }
}

function statusOf(error: unknown): number | undefined {
  return isRestError(error) ? error.statusCode : undefined;
}

function codeOf(error: unknown): string | undefined {
  return isRestError(error) ? error.code : undefined;
}
