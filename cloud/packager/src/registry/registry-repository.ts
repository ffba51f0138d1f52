import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ociMediaTypes } from '@edgewright/contract';
import { parseImageReference } from '../image-reference.ts';
import type { BlobReference } from '../layout/image-layout.ts';
import { PackagerError } from '../packager-error.ts';
import { requireRegistry } from '../push-image.ts';
import { receiveBlob } from './download-blob.ts';
import { readBody } from './http-exchange.ts';
import { digestOfTag, findManifest, putManifest } from './manifests.ts';
import { RegistryClient } from './registry-client.ts';
import type { RegistryOptions } from './registry-client.ts';
import { uploadBlob } from './upload-blob.ts';

const TAGS_PER_PAGE = 1000;
const MAX_TAG_PAGES = 10_000;
/** Registries that know no pages send all tags at once. */
const MAX_TAG_LIST_BYTES = 64 * 1024 * 1024;

/** One repository of a registry for whatever is kept in it: tags, manifests and blobs. */
export class RegistryRepository implements Disposable {
  readonly registry: string;
  readonly repository: string;
  readonly #client: RegistryClient;

  private constructor(client: RegistryClient) {
    this.#client = client;
    this.registry = client.registry;
    this.repository = client.repository;
  }

  /**
   * @param name `REGISTRY/REPOSITORY`
   * @throws PackagerError `ImageInputInvalid`, `RegistryRefused`
   */
  static async open(name: string, options: RegistryOptions): Promise<RegistryRepository> {
    const target = requireRegistry(parseImageReference(name));
    return new RegistryRepository(await RegistryClient.open(target, options, { mayPush: true }));
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  /** All tags of the repository; none, when it is not there. @throws PackagerError `RegistryRefused`, `RegistryFailed` */
  async tags(): Promise<readonly string[]> {
    const tags: string[] = [];
    let place: string | URL = `tags/list?n=${TAGS_PER_PAGE}`;
    for (let page = 0; page < MAX_TAG_PAGES; page += 1) {
      const action = `list the tags of "${this.repository}"`;
      const response = await this.#client.send({ method: 'GET', place, expect: [200, 404], action });
      const text = (await readBody(response, MAX_TAG_LIST_BYTES)).toString('utf8');
      if (response.status === 404) return tags;
      tags.push(...tagsIn(text, this.registry));
      const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(response.headers['link'] ?? ''))?.[1];
      if (next === undefined) return tags;
      place = this.#client.resolve(next);
    }
    throw failed(this.registry, `its list of tags does not end after ${MAX_TAG_PAGES} pages`);
  }

  /** @returns undefined when the tag is not there */
  async manifest(tag: string): Promise<{ readonly digest: string; readonly bytes: Uint8Array } | undefined> {
    const found = await findManifest(this.#client, tag);
    return found === undefined ? undefined : { digest: found.descriptor.digest, bytes: found.bytes };
  }

  /** @returns undefined when the tag is not there */
  async digestOf(tag: string): Promise<string | undefined> {
    return await digestOfTag(this.#client, tag);
  }

  /** Points a tag at a manifest. With `once` the request is not sent again, whatever happens. */
  async putManifest(
    tag: string,
    {
      bytes,
      mediaType = ociMediaTypes.manifest,
      once = false,
    }: { readonly bytes: Uint8Array; readonly mediaType?: string; readonly once?: boolean },
  ): Promise<void> {
    await putManifest(this.#client, tag, { bytes, mediaType, retry: !once });
  }

  /** Deletes a manifest and its tags. @returns false where the registry does not allow it */
  async deleteManifest(digest: string): Promise<boolean> {
    const response = await this.#client.send({
      method: 'DELETE',
      place: `manifests/${digest}`,
      expect: [200, 202, 204, 400, 401, 403, 404, 405],
      action: `delete the manifest ${digest} of "${this.repository}"`,
    });
    response.body.resume();
    return response.status < 300 || response.status === 404;
  }

  /** Stores a file, or bytes, unless they are there. */
  async putBlob(blob: BlobReference, content: string | Uint8Array, signal?: AbortSignal): Promise<void> {
    const more = { mountFrom: [], ...(signal === undefined ? {} : { signal }) };
    if (typeof content === 'string') {
      await uploadBlob(this.#client, blob, { file: content, ...more });
      return;
    }
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-blob-'));
    try {
      const file = path.join(folder, 'blob');
      await writeFile(file, content);
      await uploadBlob(this.#client, blob, { file, ...more });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /**
   * Copies a blob to a place where there is no file. A connection that breaks is taken up where it broke.
   *
   * @returns false when the registry does not have it; whether the bytes are the right ones is for the caller to check
   */
  async fetchBlob(blob: BlobReference, file: string, signal?: AbortSignal): Promise<boolean> {
    try {
      await receiveBlob(this.#client, blob, { file, ...(signal === undefined ? {} : { signal }) });
      return true;
    } catch (error) {
      if (!(error instanceof PackagerError)) throw error;
      if (error.code === 'ImageInvalid') return true;
      if (error.details['status'] === 404) return false;
      throw error;
    }
  }
}

function tagsIn(text: string, registry: string): readonly string[] {
  try {
    const { tags } = JSON.parse(text) as { tags?: unknown };
    if (tags === null || tags === undefined) return [];
    if (Array.isArray(tags)) return tags.filter((tag): tag is string => typeof tag === 'string');
  } catch {
    // told below
  }
  throw failed(registry, 'its list of tags is none');
}

function failed(registry: string, reason: string): PackagerError {
  return new PackagerError('RegistryFailed', `cannot use the registry "${registry}": ${reason}`, {
    details: { registry, reason },
  });
}
