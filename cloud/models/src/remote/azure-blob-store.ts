import { randomUUID } from 'node:crypto';
import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { checkDocument, MODEL_NAME_PATTERN, ModelSchema, parseJson } from '@edgewright/contract';
import type { Model, ModelFile } from '@edgewright/contract';
import { ModelsError } from '../models-error.ts';
import type { FileDigest } from '../store/file-digest.ts';
import { AzureBlobFiles } from './azure-blob-files.ts';
import { azureCodeOf, CONFLICT, guardAzure, statusOf } from './azure-failure.ts';
import type { ListedVersion, ListQuery, NewVersion, RemoteStore, StoredModel } from './remote-store.ts';

/** Above every version that there can be: what is subtracted from it comes first in the order of names. */
const RANK_BASE = 9_999_999_999;
const RANK_DIGITS = 10;
/** Comes before every character that a model's name can have, so `a` goes before `a-b` here as it does elsewhere. */
const SEPARATOR = '!';
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
/** What Azure gives at most in one page. */
const MAX_LISTED = 5000;
/** So many processes may be faster in taking a number before this one gives up. */
const NUMBER_ATTEMPTS = 200;

/**
 * Models in a container of Azure Blob Storage: a document per version, `models/<name>!<rank>.json`, where the rank falls as the
 * version rises; the last number of each name, `counters/<name>`; and the files (see {@link AzureBlobFiles}).
 *
 * A number is taken by replacing the counter as it was read (`If-Match`). The document is written when everything else is
 * there, and by one request: that is the moment at which the version exists.
 */
export class AzureBlobStore implements RemoteStore {
  readonly place: string;
  readonly maxNameCharacters = 255;
  readonly #container: ContainerClient;
  readonly #files: AzureBlobFiles;

  constructor(place: string, container: ContainerClient) {
    this.place = place;
    this.#container = container;
    this.#files = new AzureBlobFiles(container);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  async *list(query: ListQuery): AsyncGenerator<ListedVersion> {
    const versions = query.latest === true ? this.#latest(query) : this.#versions(query);
    for (;;) {
      const { value, done } = await this.#guard('list models', () => versions.next());
      if (done === true) return;
      yield value;
    }
  }

  async read(name: string, version: number): Promise<StoredModel | undefined> {
    return await this.#guard(`read the model ${name}:${version}`, async () => {
      const found = await readText(this.#document(name, version));
      if (found === undefined) return undefined;
      const source = `${this.place}/models/${name}:${version}`;
      return { model: checkDocument(ModelSchema, parseJson(found.text, source), source), revision: found.etag };
    });
  }

  async add({ name, files, describe, signal }: NewVersion): Promise<Model> {
    return await this.#guard(
      `register "${name}"`,
      async () => {
        await this.#ensureContainer();
        const registration = randomUUID();
        const unique = new Map(files.map((file) => [file.sha256, file]));
        for (const file of unique.values()) await this.#files.put(file, registration, signal);
        const model = describe(await this.#takeNumber(name));
        const text = JSON.stringify(model);
        // the number is this process's alone, so nothing of another one is replaced, also when the request is sent twice
        await this.#document(name, model.version).upload(text, Buffer.byteLength(text), {
          metadata: { registration },
          blobHTTPHeaders: { blobContentType: 'application/json' },
        });
        return model;
      },
      signal,
    );
  }

  async replace(stored: StoredModel, model: Model): Promise<boolean> {
    return await this.#guard(`change the model ${model.id}`, async () => {
      const blob = this.#document(model.name, model.version);
      const text = JSON.stringify(model);
      return await isDone(async () => {
        const { metadata } = await blob.getProperties();
        await blob.upload(text, Buffer.byteLength(text), {
          conditions: { ifMatch: stored.revision },
          blobHTTPHeaders: { blobContentType: 'application/json' },
          ...(metadata === undefined ? {} : { metadata }),
        });
      });
    });
  }

  async remove({ model, revision }: StoredModel): Promise<boolean> {
    return await this.#guard(`delete the model ${model.id}`, async () => {
      const blob = this.#document(model.name, model.version);
      let registration: string | undefined;
      const isGone = await isDone(async () => {
        registration = (await blob.getProperties()).metadata?.['registration'];
        await blob.delete({ conditions: { ifMatch: revision } });
      });
      if (!isGone || registration === undefined) return isGone;
      for (const sha256 of new Set(model.files.map((file) => file.sha256))) {
        await this.#files.release(sha256, registration);
      }
      return true;
    });
  }

  async fetch(file: ModelFile, to: string, signal?: AbortSignal): Promise<FileDigest | undefined> {
    return await this.#guard(`fetch the file "${file.path}"`, () => this.#files.fetch(file, to, signal), signal);
  }

  async *#versions({ name, after, expected }: ListQuery): AsyncGenerator<ListedVersion> {
    const prefix = name === undefined ? 'models/' : `models/${name}${SEPARATOR}`;
    let cursor = after?.cursor;
    for (;;) {
      const settings = { maxPageSize: Math.min(expected, MAX_LISTED) };
      const pages = this.#container
        .listBlobsFlat({ prefix })
        .byPage(cursor === undefined ? settings : { ...settings, continuationToken: cursor });
      const page = await pages.next().catch(emptyWithoutContainer);
      if (page.done === true) return;
      for (const blob of page.value.segment.blobItems) {
        const listed = versionIn(blob.name);
        if (listed === undefined || !isAfter(listed, after)) continue;
        yield cursor === undefined ? listed : { ...listed, cursor };
      }
      cursor = page.value.continuationToken;
      if (cursor === undefined || cursor === '') return;
    }
  }

  /** The names first, as common beginnings, so that older versions are not even listed. */
  async *#latest({ name, after, expected }: ListQuery): AsyncGenerator<ListedVersion> {
    if (name !== undefined) {
      yield* this.#highest(name, after);
      return;
    }
    let cursor = after?.cursor;
    for (;;) {
      const settings = { maxPageSize: Math.min(expected, MAX_LISTED) };
      const pages = this.#container
        .listBlobsByHierarchy(SEPARATOR, { prefix: 'models/' })
        .byPage(cursor === undefined ? settings : { ...settings, continuationToken: cursor });
      const page = await pages.next().catch(emptyWithoutContainer);
      if (page.done === true) return;
      for (const { name: beginning } of page.value.segment.blobPrefixes ?? []) {
        for await (const listed of this.#highest(beginning.slice('models/'.length, -SEPARATOR.length), after)) {
          yield cursor === undefined ? listed : { ...listed, cursor };
        }
      }
      cursor = page.value.continuationToken;
      if (cursor === undefined || cursor === '') return;
    }
  }

  async *#highest(name: string, after: ListQuery['after']): AsyncGenerator<ListedVersion> {
    // names up to the last one given are passed over without asking for their versions
    if (after !== undefined && name <= after.name) return;
    for await (const listed of this.#versions({ name, expected: 1 })) {
      yield listed;
      return;
    }
  }

  /** The next number of a name, which nobody else gets. */
  async #takeNumber(name: string): Promise<number> {
    const blob = this.#container.getBlockBlobClient(`counters/${name}`);
    for (let attempt = 0; attempt < NUMBER_ATTEMPTS; attempt += 1) {
      const found = await readText(blob);
      const next = (found === undefined ? 0 : Number(found.text)) + 1;
      if (!Number.isSafeInteger(next)) throw this.#spoiltCounter(name);
      const conditions = found === undefined ? { ifNoneMatch: '*' } : { ifMatch: found.etag };
      const text = String(next);
      if (await isDone(() => blob.upload(text, text.length, { conditions }))) return next;
    }
    throw new ModelsError(
      'ModelStoreFailed',
      `cannot register "${name}" in ${this.place}: others took the next number ${NUMBER_ATTEMPTS} times`,
      { details: { place: this.place, name } },
    );
  }

  #spoiltCounter(name: string): ModelsError {
    return new ModelsError(
      'ModelStoreFailed',
      `cannot register "${name}" in ${this.place}: the blob "counters/${name}" holds no number; write the highest version there was into it`,
      { details: { place: this.place, name } },
    );
  }

  /** Made when the first model comes, because not everybody who reads may make one. */
  async #ensureContainer(): Promise<void> {
    try {
      await this.#container.createIfNotExists();
    } catch (error) {
      // who may write into one container need not have the right to make containers
      if (statusOf(error) !== 403) throw error;
    }
  }

  #document(name: string, version: number): BlockBlobClient {
    const rank = String(RANK_BASE - version).padStart(RANK_DIGITS, '0');
    return this.#container.getBlockBlobClient(`models/${name}${SEPARATOR}${rank}.json`);
  }

  async #guard<Result>(action: string, run: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    return await guardAzure({ place: this.place, action, signal }, run);
  }
}

const DOCUMENT_NAME = new RegExp(
  `^models/(${MODEL_NAME_PATTERN.slice(1, -1)})${SEPARATOR}(\\d{${RANK_DIGITS}})\\.json$`,
);

function versionIn(blobName: string): ListedVersion | undefined {
  const [, name, rank] = DOCUMENT_NAME.exec(blobName) ?? [];
  return name === undefined || rank === undefined ? undefined : { name, version: RANK_BASE - Number(rank) };
}

function isAfter({ name, version }: ListedVersion, after: ListQuery['after']): boolean {
  return after === undefined || name > after.name || (name === after.name && -version > after.rank);
}

/** A container that is not there yet has no models. */
function emptyWithoutContainer(error: unknown): { readonly done: true; readonly value: undefined } {
  if (azureCodeOf(error) === 'ContainerNotFound') return { done: true, value: undefined };
  throw error;
}

/** @returns false when the blob was changed or deleted meanwhile */
async function isDone(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (CONFLICT.includes(statusOf(error) ?? 0) || azureCodeOf(error) === 'BlobNotFound') return false;
    throw error;
  }
}

async function readText(blob: BlockBlobClient): Promise<{ readonly text: string; readonly etag: string } | undefined> {
  try {
    const { etag, contentLength = 0, readableStreamBody: body } = await blob.download();
    if (contentLength > MAX_DOCUMENT_BYTES) throw new RangeError(`"${blob.name}" has ${contentLength} bytes`);
    const chunks: Buffer[] = [];
    for await (const chunk of body ?? []) chunks.push(Buffer.from(chunk));
    return { text: Buffer.concat(chunks).toString('utf8'), etag: etag ?? '' };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
