import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  checkDocument,
  imageAnnotations,
  isEdgewrightError,
  messageOf,
  ociMediaTypes,
  OciIndexSchema,
  parseJson,
} from '@edgewright/contract';
import type { OciDescriptor, OciIndex } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';
import { withIndexLock } from './index-lock.ts';

/** What identifies a blob. */
export type BlobReference = Pick<OciDescriptor, 'digest' | 'size'>;

type Schema = Parameters<typeof checkDocument>[0];

/** Manifests, indexes and configurations are kilobytes; what is larger is none of them. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** An OCI image layout: a folder of blobs by digest, and an index of what is in it (image-spec 1.1, image-layout.md). */
export class ImageLayout {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** @returns undefined when the folder does not exist or is empty. @throws PackagerError `ImageInvalid` */
  static async find(directory: string): Promise<ImageLayout | undefined> {
    const entries = await readdir(directory).catch((error: unknown): string[] => {
      if (isMissing(error)) return [];
      throw invalid(directory, messageOf(error), error);
    });
    if (entries.length === 0) return undefined;
    if (!entries.includes('oci-layout'))
      throw invalid(directory, 'it is no OCI image layout: there is no file "oci-layout" in it');
    return new ImageLayout(path.resolve(directory));
  }

  /** Opens a layout, or makes an empty one. @throws PackagerError `ImageInvalid`, `LayoutUnusable` */
  static async open(directory: string): Promise<ImageLayout> {
    const layout = (await ImageLayout.find(directory)) ?? new ImageLayout(path.resolve(directory));
    try {
      await mkdir(layout.#blobFolder, { recursive: true });
      await mkdir(layout.stagingFolder, { recursive: true });
      if (!(await layout.#exists('index.json'))) await layout.#writeIndex({ schemaVersion: 2, manifests: [] });
      if (!(await layout.#exists('oci-layout'))) {
        await layout.#replace('oci-layout', Buffer.from(JSON.stringify({ imageLayoutVersion: '1.0.0' })));
      }
    } catch (cause) {
      throw new PackagerError('LayoutUnusable', `cannot write the image layout "${directory}": ${messageOf(cause)}`, {
        details: { directory },
        cause,
      });
    }
    return layout;
  }

  /** For files on their way into the layout; on the same disk, so that they can be renamed. */
  get stagingFolder(): string {
    return path.join(this.directory, '.staging');
  }

  get #blobFolder(): string {
    return path.join(this.directory, 'blobs', 'sha256');
  }

  /** Where a blob is or would be. */
  blobFile(digest: string): string {
    return path.join(this.#blobFolder, digest.replace('sha256:', ''));
  }

  /** True when a blob of this digest and size is there. The digest is not computed again. */
  async has(blob: BlobReference): Promise<boolean> {
    const found = await stat(this.blobFile(blob.digest)).catch(() => undefined);
    return found?.isFile() === true && found.size === blob.size;
  }

  /** Bytes of a blob; 0 when it is not there. */
  async sizeOf(digest: string): Promise<number> {
    const found = await stat(this.blobFile(digest)).catch(() => undefined);
    return found?.size ?? 0;
  }

  /** Takes over a file whose digest is known. @returns false when the blob was there already, and is left as it is */
  async adopt(file: string, blob: BlobReference): Promise<boolean> {
    if (await this.has(blob)) {
      await rm(file, { force: true });
      return false;
    }
    await rename(file, this.blobFile(blob.digest));
    return true;
  }

  /** Takes a blob from a file that stays where it is, by a hard link where the disk allows it; its digest is checked. */
  async include(file: string, blob: BlobReference, signal?: AbortSignal): Promise<boolean> {
    if (await this.has(blob)) return false;
    const staged = path.join(this.stagingFolder, randomUUID());
    await link(file, staged).catch(() => copyFile(file, staged));
    try {
      const hash = createHash('sha256');
      await pipeline(createReadStream(staged, { highWaterMark: 1_048_576 }), hash, { signal });
      const digest = `sha256:${hash.digest('hex')}`;
      if (digest !== blob.digest) throw invalid(file, `its digest is ${digest} instead of ${blob.digest}`);
      return await this.adopt(staged, blob);
    } finally {
      await rm(staged, { force: true });
    }
  }

  /** Stores a document. The same bytes are stored once. */
  async put(bytes: Uint8Array): Promise<BlobReference> {
    const blob = { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length };
    if (!(await this.has(blob))) await this.#replace(path.relative(this.directory, this.blobFile(blob.digest)), bytes);
    return blob;
  }

  /** Reads a document and checks its digest and its form. @throws PackagerError `ImageInvalid` */
  async read(blob: BlobReference, schema: Schema): Promise<unknown> {
    const source = `the blob ${blob.digest} of "${this.directory}"`;
    if (blob.size > MAX_DOCUMENT_BYTES)
      throw invalid(source, `a document has at most ${MAX_DOCUMENT_BYTES} bytes, not ${blob.size}`);
    const bytes = await readSmallFile(this.blobFile(blob.digest), source);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (digest !== blob.digest) throw invalid(source, `its digest is ${digest}`);
    return checked(bytes, schema, source);
  }

  /** @throws PackagerError `ImageInvalid` */
  async readIndex(): Promise<OciIndex> {
    const file = path.join(this.directory, 'index.json');
    const bytes = await readSmallFile(file, file);
    return checked(bytes, OciIndexSchema, file) as OciIndex;
  }

  /** Gives a manifest or an index a name; whatever had the name before loses it. */
  async tag(reference: string, descriptor: OciDescriptor): Promise<void> {
    await this.changeIndex((manifests) => [
      ...manifests.filter((entry) => entry.annotations?.[imageAnnotations.referenceName] !== reference),
      { ...descriptor, annotations: { ...descriptor.annotations, [imageAnnotations.referenceName]: reference } },
    ]);
  }

  /**
   * Changes what the layout lists, while no other process does.
   *
   * @param change the new list from the old one; what it throws leaves the list as it is
   * @param afterwards runs with the new list before another process may change it
   * @throws PackagerError `LayoutUnusable`, `ImageInvalid`
   */
  async changeIndex(
    change: (manifests: readonly OciDescriptor[]) => OciDescriptor[] | Promise<OciDescriptor[]>,
    afterwards?: (manifests: readonly OciDescriptor[]) => Promise<void>,
  ): Promise<void> {
    await withIndexLock(path.join(this.directory, 'index.json'), async () => {
      const index = await this.readIndex();
      const manifests = await change(index.manifests);
      await this.#writeIndex({ ...index, manifests });
      await afterwards?.(manifests);
    });
  }

  /** The digests of all blobs that are there. */
  async blobs(): Promise<readonly string[]> {
    const names = await readdir(this.#blobFolder);
    return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => `sha256:${name}`);
  }

  async #writeIndex(index: OciIndex): Promise<void> {
    await this.#replace('index.json', Buffer.from(JSON.stringify({ mediaType: ociMediaTypes.index, ...index })));
  }

  /** Writes a file so that readers see the old or the new one, also after a crash. */
  async #replace(name: string, bytes: Uint8Array): Promise<void> {
    // a layout of another program has no such folder
    await mkdir(this.stagingFolder, { recursive: true });
    const staged = path.join(this.stagingFolder, randomUUID());
    {
      await using handle = await open(staged, 'wx');
      await handle.writeFile(bytes);
      await handle.sync();
    }
    await rename(staged, path.join(this.directory, name));
  }

  async #exists(name: string): Promise<boolean> {
    return await stat(path.join(this.directory, name)).then(
      () => true,
      () => false,
    );
  }
}

/** A layout may come from anybody: what is larger than it says, or is no file at all, is not read. */
async function readSmallFile(file: string, source: string): Promise<Buffer> {
  try {
    const found = await stat(file);
    const { size } = found;
    if (!found.isFile()) throw new RangeError('it is no file');
    if (size > MAX_DOCUMENT_BYTES)
      throw new RangeError(`a document has at most ${MAX_DOCUMENT_BYTES} bytes, not ${size}`);
    return await readFile(file);
  } catch (error) {
    throw invalid(source, isMissing(error) ? 'it is not there' : messageOf(error), error);
  }
}

function checked(bytes: Uint8Array, schema: Schema, source: string): unknown {
  try {
    return checkDocument(schema, parseJson(Buffer.from(bytes).toString('utf8'), source), source);
  } catch (cause) {
    if (!isEdgewrightError(cause)) throw cause;
    throw new PackagerError('ImageInvalid', cause.message, { details: { ...cause.details, source }, cause });
  }
}

function invalid(source: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError('ImageInvalid', `cannot read ${source} as an image: ${reason}`, {
    details: { source, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
