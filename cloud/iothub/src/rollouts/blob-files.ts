import { text } from 'node:stream/consumers';
import type { ContainerClient } from '@azure/storage-blob';
import { storeFailure, storeStatus } from './store-failure.ts';

/** Nothing that a rollout keeps is larger; a ring of 100,000 devices has some 20 MB. */
const MAX_BLOB_BYTES = 256 * 1024 * 1024;
/** For one call with all its attempts. */
const CALL_TIMEOUT_MS = 60_000;

/** JSON files in a container of Azure Blob storage. Failures become IotHubErrors of the store. */
export class BlobFiles {
  readonly container: ContainerClient;

  constructor(container: ContainerClient) {
    this.container = container;
  }

  /** A JSON blob and its ETag; undefined when there is none. */
  async readJson(blob: string): Promise<{ readonly value: unknown; readonly etag: string } | undefined> {
    return await this.call(`read ${blob}`, async (abortSignal) => {
      try {
        const { content, etag } = await this.#download(blob, abortSignal);
        return { value: JSON.parse(content) as unknown, etag };
      } catch (error) {
        if (storeStatus(error) === 404) return undefined;
        throw error;
      }
    });
  }

  /**
   * Writes a JSON blob, whole or not at all.
   *
   * @param guard the ETag that it must have, or undefined where it must not be there; without a guard it is written in any case
   * @returns false when the guard did not hold, and nothing was written
   */
  async writeJson(blob: string, value: unknown, guard?: { readonly etag: string | undefined }): Promise<boolean> {
    const conditions =
      guard === undefined ? {} : guard.etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: guard.etag };
    return await this.call(`write ${blob}`, async (abortSignal) => {
      try {
        const content = Buffer.from(JSON.stringify(value));
        await this.container.getBlockBlobClient(blob).uploadData(content, { abortSignal, conditions });
        return true;
      } catch (error) {
        const status = storeStatus(error);
        if (guard !== undefined && (status === 412 || status === 409)) return false;
        throw error;
      }
    });
  }

  async appendLine(blob: string, line: string): Promise<void> {
    await this.call(`append to ${blob}`, async (abortSignal) => {
      const client = this.container.getAppendBlobClient(blob);
      const content = Buffer.from(`${line}\n`);
      try {
        await client.appendBlock(content, content.length, { abortSignal });
      } catch (error) {
        if (storeStatus(error) !== 404) throw error;
        await client.createIfNotExists({ abortSignal });
        await client.appendBlock(content, content.length, { abortSignal });
      }
    });
  }

  async readLines(blob: string): Promise<readonly string[]> {
    return await this.call(`read ${blob}`, async (abortSignal) => {
      const { content } = await this.#download(blob, abortSignal);
      return content.split('\n').slice(0, -1);
    });
  }

  /** Names of blobs that begin so, in their order. */
  async names(prefix: string): Promise<readonly string[]> {
    return await this.call('list the blobs', async (abortSignal) => {
      const names: string[] = [];
      for await (const { name } of this.container.listBlobsFlat({ prefix, abortSignal })) names.push(name);
      return names;
    });
  }

  /** Folders of the container, without the slash. */
  async folders(): Promise<readonly string[]> {
    return await this.call('list the folders', async (abortSignal) => {
      const names: string[] = [];
      for await (const item of this.container.listBlobsByHierarchy('/', { abortSignal })) {
        if (item.kind === 'prefix') names.push(item.name.slice(0, -1));
      }
      return names;
    });
  }

  async #download(
    blob: string,
    abortSignal: AbortSignal,
  ): Promise<{ readonly content: string; readonly etag: string }> {
    const answer = await this.container.getBlobClient(blob).download(0, undefined, { abortSignal });
    const { etag = '', contentLength = 0, readableStreamBody } = answer;
    if (contentLength > MAX_BLOB_BYTES) {
      throw new RangeError(`${blob} has ${contentLength} bytes, more than anything that a rollout keeps`);
    }
    return { content: readableStreamBody === undefined ? '' : await text(readableStreamBody), etag };
  }

  /** Does something within a deadline; the client itself tries failed requests again. */
  async call<Result>(action: string, send: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    try {
      return await send(AbortSignal.timeout(CALL_TIMEOUT_MS));
    } catch (error) {
      throw storeFailure(error, action, this.container.url);
    }
  }
}
