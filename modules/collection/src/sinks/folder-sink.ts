import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { parseCollectionPath } from '@edgewright/contract';
import { lineOf, MAX_LINE_BYTES } from './sink.ts';
import type { FileState, Sink } from './sink.ts';

/** What stays in a folder. */
export interface FolderLimits {
  readonly maxBytes: number;
  readonly maxDays: number | undefined;
}

const DAY_MS = 86_400_000;

/** A folder of this machine. Each of its files is written by one process at a time, which the buffers' numbers see to. */
export class FolderSink implements Sink {
  readonly #folder: string;
  readonly #limits: FolderLimits;

  constructor(folder: string, limits: FolderLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  async look(file: string): Promise<FileState | undefined> {
    const found = await stat(this.#at(file)).catch(undefinedIfMissing);
    return found === undefined ? undefined : { sizeBytes: found.size };
  }

  async firstLine(file: string): Promise<string> {
    return this.#read(file, async (handle) => {
      let bytes = Buffer.alloc(0);
      while (!bytes.includes(10) && bytes.length < MAX_LINE_BYTES) {
        const piece = Buffer.alloc(65_536);
        const { bytesRead } = await handle.read(piece, 0, piece.length, bytes.length);
        if (bytesRead === 0) break;
        bytes = Buffer.concat([bytes, piece.subarray(0, bytesRead)]);
      }
      return lineOf(bytes);
    });
  }

  async append(file: string, position: number, bytes: Uint8Array): Promise<'written' | 'moved'> {
    await mkdir(path.dirname(this.#at(file)), { recursive: true });
    const handle = await open(this.#at(file), 'a');
    try {
      const { size } = await handle.stat();
      if (size < position) return 'moved';
      // what is more was half written when a process ended
      if (size > position) await handle.truncate(position);
      await handle.appendFile(bytes);
      await handle.sync();
      return 'written';
    } finally {
      await handle.close();
    }
  }

  async contains(file: string, from: number, bytes: Uint8Array): Promise<boolean> {
    return this.#read(file, async (handle) => {
      const found = Buffer.alloc(bytes.length);
      const { size } = await handle.stat();
      // one process writes it, so it is at the end or nowhere
      const start = size - bytes.length;
      if (start < from) return false;
      await handle.read(found, 0, found.length, start);
      return found.equals(bytes);
    });
  }

  async put(file: string, bytes: Uint8Array): Promise<void> {
    const place = this.#at(file);
    await mkdir(path.dirname(place), { recursive: true });
    const draft = `${place}.draft`;
    await writeFile(draft, bytes, { flush: true });
    await rename(draft, place);
  }

  async prune(now: number): Promise<{ readonly files: number; readonly bytes: number }> {
    const { maxBytes, maxDays } = this.#limits;
    const files = await this.#files();
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const oldest = maxDays === undefined ? '' : new Date(now - maxDays * DAY_MS).toISOString().slice(0, 10);
    const today = new Date(now).toISOString().slice(0, 10);
    let removed = { files: 0, bytes: 0 };
    for (const { file, day, bytes } of files.toSorted((a, b) => (a.day < b.day ? -1 : 1))) {
      // what is written today may be written again in a moment
      if (day >= today || (day >= oldest && total <= maxBytes)) break;
      await rm(file, { force: true });
      total -= bytes;
      removed = { files: removed.files + 1, bytes: removed.bytes + bytes };
    }
    return removed;
  }

  async #files(): Promise<{ file: string; day: string; bytes: number }[]> {
    const names = await readdir(this.#folder, { recursive: true }).catch(undefinedIfMissing);
    const found = (names ?? []).flatMap((name) => {
      const place = parseCollectionPath(name.split(path.sep).join('/'));
      return place === undefined ? [] : [{ file: this.#at(name), day: place.day }];
    });
    return Promise.all(found.map(async (each) => ({ ...each, bytes: (await stat(each.file).catch(undefinedIfMissing))?.size ?? 0 }))); // prettier-ignore
  }

  async #read<Value>(file: string, work: (handle: FileHandle) => Promise<Value>): Promise<Value> {
    const handle = await open(this.#at(file), 'r');
    try {
      return await work(handle);
    } finally {
      await handle.close();
    }
  }

  #at(file: string): string {
    return path.join(this.#folder, file);
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if ((error as { code?: string }).code !== 'ENOENT') throw error;
}
