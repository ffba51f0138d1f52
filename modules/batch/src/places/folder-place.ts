import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import { BatchError } from '../batch-error.ts';
import type { Place, PlaceEntry } from './place.ts';

const CHUNK_BYTES = 1024 * 1024;
let drafts = 0;

/** A folder of this machine. */
export class FolderPlace implements Place {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = path.resolve(folder);
  }

  get text(): string {
    return this.folder;
  }

  async *list(prefix = ''): AsyncIterable<PlaceEntry> {
    yield* this.#below(prefix.replace(/\/$/, ''));
  }

  async find(name: string): Promise<PlaceEntry | undefined> {
    const found = await stat(this.#path(name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw this.#unusable('look at', name, error);
    });
    return found?.isFile() === true ? { name, sizeBytes: found.size } : undefined;
  }

  async read(name: string, range?: { readonly start: number; readonly end: number }): Promise<Buffer> {
    try {
      await using file = await open(this.#path(name));
      const start = range?.start ?? 0;
      const length = (range?.end ?? (await file.stat()).size) - start;
      const bytes = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await file.read(bytes, filled, length - filled, start + filled);
        if (bytesRead === 0) throw new RangeError(`it ends at byte ${start + filled}, before byte ${start + length}`);
        filled += bytesRead;
      }
      return bytes;
    } catch (cause) {
      throw this.#unusable('read', name, cause);
    }
  }

  async *stream(name: string): AsyncIterable<Uint8Array> {
    try {
      yield* createReadStream(this.#path(name), { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Uint8Array>;
    } catch (cause) {
      throw this.#unusable('read', name, cause);
    }
  }

  async write(name: string, bytes: Uint8Array | string, { isLoose = false } = {}): Promise<void> {
    await this.#put(name, single(typeof bytes === 'string' ? Buffer.from(bytes) : bytes), !isLoose);
  }

  async writeFrom(name: string, source: AsyncIterable<Uint8Array>): Promise<number> {
    return await this.#put(name, source, true);
  }

  async #put(name: string, source: AsyncIterable<Uint8Array>, isSafe: boolean): Promise<number> {
    const target = this.#path(name);
    drafts += 1;
    // a name that list() leaves out, and no other process takes
    const draft = path.join(path.dirname(target), `.${path.basename(target)}.${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}-${drafts}`); // prettier-ignore
    let written = 0;
    try {
      await mkdir(path.dirname(target), { recursive: true });
      await using file = await open(draft, 'wx');
      for await (const bytes of source) {
        await file.writeFile(bytes);
        written += bytes.length;
      }
      if (isSafe) await file.datasync();
      await rename(draft, target);
      return written;
    } catch (cause) {
      await rm(draft, { force: true });
      throw this.#unusable('write', name, cause);
    }
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
  }

  async *#below(folder: string): AsyncIterable<PlaceEntry> {
    const entries = await readdir(this.#path(folder), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && folder !== '') return [];
      throw this.#unusable('list', folder, error);
    });
    // as if folders ended in a slash: the order of their paths, which is that of blobs
    const sorted = entries
      .map((entry) => ({ entry, order: entry.isDirectory() ? `${entry.name}/` : entry.name }))
      .toSorted((a, b) => (a.order < b.order ? -1 : 1));
    for (const { entry } of sorted) {
      if (entry.name.startsWith('.')) continue;
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const found = entry.isSymbolicLink() ? await stat(this.#path(name)).catch(() => undefined) : entry;
      if (found?.isDirectory() === true && !entry.isSymbolicLink()) yield* this.#below(name);
      else if (found?.isFile() === true) yield { name, sizeBytes: (await stat(this.#path(name))).size };
    }
  }

  #path(name: string): string {
    const target = path.resolve(this.folder, name);
    if (target !== this.folder && !target.startsWith(this.folder + path.sep) && this.folder !== path.sep) {
      throw new RangeError(`"${name}" is not below ${this.folder}`);
    }
    return target;
  }

  #unusable(what: string, name: string, cause: unknown): BatchError {
    const code = (cause as NodeJS.ErrnoException | undefined)?.code;
    const reason = code === 'ENOENT' ? 'there is no such file or folder' : messageOf(cause);
    const place = name === '' ? this.folder : path.join(this.folder, name);
    return new BatchError('PlaceUnusable', `cannot ${what} "${place}": ${reason}`, { details: { place }, cause });
  }
}

async function* single(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
