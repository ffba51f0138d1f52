import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ContainerClient } from '@azure/storage-blob';
import type { ModelFile } from '@edgewright/contract';
import type { StagedFile } from '../store/blob-folder.ts';
import type { FileDigest } from '../store/file-digest.ts';
import { CONFLICT, statusOf } from './azure-failure.ts';

/** Four blocks of this size are in memory for the file that is being sent. */
const BLOCK_BYTES = 8 * 1024 * 1024;
const CONCURRENT_BLOCKS = 4;
/** A download that breaks is taken up again so often. */
const DOWNLOAD_RESUMES = 5;
const PUT_ATTEMPTS = 5;

/**
 * Files by their SHA-256 in a container: `blobs/sha256/<hex>`, and for each of them who uses it, `uses/<hex>/<registration>`.
 *
 * A file is deleted when nobody uses it, and only as the one that was seen to be unused (`If-Match`). Whoever begins to use a
 * file says so first and then touches it, which changes its ETag: so the deletion fails, or comes before the touch, and the
 * file is sent again.
 */
export class AzureBlobFiles {
  readonly #container: ContainerClient;

  constructor(container: ContainerClient) {
    this.#container = container;
  }

  /** Makes a file that a registration uses be there. */
  async put(file: StagedFile, registration: string, signal?: AbortSignal): Promise<void> {
    const abort = signal === undefined ? {} : { abortSignal: signal };
    await this.#use(file.sha256, registration).upload('', 0, abort);
    for (let attempt = 1; attempt < PUT_ATTEMPTS; attempt += 1) {
      const found = await this.#touch(file);
      if (found === 'there') return;
      if (await this.#send(file, found === 'spoilt', signal)) return;
    }
    await this.#send(file, true, signal);
  }

  /** Takes back the use of a file, and deletes it when nobody else uses it. */
  async release(sha256: string, registration: string): Promise<void> {
    await this.#use(sha256, registration).deleteIfExists();
    const blob = this.#blob(sha256);
    try {
      const { etag } = await blob.getProperties();
      const uses = this.#container.listBlobsFlat({ prefix: `uses/${sha256}/` }).byPage({ maxPageSize: 1 });
      for await (const page of uses) if (page.segment.blobItems.length > 0) return;
      await blob.delete(etag === undefined ? {} : { conditions: { ifMatch: etag } });
    } catch (error) {
      // gone already, or in use again
      if (statusOf(error) !== 404 && !CONFLICT.includes(statusOf(error) ?? 0)) throw error;
    }
  }

  /** @returns undefined when there is no such file */
  async fetch(file: ModelFile, to: string, signal?: AbortSignal): Promise<FileDigest | undefined> {
    const options = { maxRetryRequests: DOWNLOAD_RESUMES, ...(signal === undefined ? {} : { abortSignal: signal }) };
    try {
      const { readableStreamBody: body } = await this.#blob(file.sha256).download(0, undefined, options);
      if (body === undefined) return undefined;
      const hash = createHash('sha256');
      let sizeBytes = 0;
      const digest = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk);
          sizeBytes += chunk.length;
          done(null, chunk);
        },
      });
      await pipeline(body, digest, createWriteStream(to, { flags: 'wx', mode: 0o444, flush: true }));
      return { sha256: hash.digest('hex'), sizeBytes };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** Changes the ETag of a file, if it is the right one as far as can be told without reading it. */
  async #touch(file: StagedFile): Promise<'there' | 'missing' | 'spoilt'> {
    const blob = this.#blob(file.sha256);
    try {
      const { contentLength, metadata } = await blob.getProperties();
      // whoever writes to the blob without edgewright drops what stands there
      if (contentLength !== file.sizeBytes || metadata?.['sha256'] !== file.sha256) return 'spoilt';
      await blob.setMetadata({ sha256: file.sha256, touched: randomUUID() });
      return 'there';
    } catch (error) {
      if (statusOf(error) === 404) return 'missing';
      throw error;
    }
  }

  /** @returns false when another one has sent it meanwhile */
  async #send(file: StagedFile, replace: boolean, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.#blob(file.sha256).uploadFile(file.stagedAt, {
        blockSize: BLOCK_BYTES,
        concurrency: CONCURRENT_BLOCKS,
        metadata: { sha256: file.sha256 },
        ...(replace ? {} : { conditions: { ifNoneMatch: '*' } }),
        ...(signal === undefined ? {} : { abortSignal: signal }),
      });
      return true;
    } catch (error) {
      if (CONFLICT.includes(statusOf(error) ?? 0)) return false;
      throw error;
    }
  }

  #blob(sha256: string) {
    return this.#container.getBlockBlobClient(`blobs/sha256/${sha256}`);
  }

  #use(sha256: string, registration: string) {
    return this.#container.getBlockBlobClient(`uses/${sha256}/${registration}`);
  }
}
