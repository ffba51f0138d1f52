import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { batchPaths } from '@edgewright/contract';
import type { Place } from '../places/place.ts';

/** Of one log file; what comes later is left out, and the file says so. */
const MAX_LOG_BYTES = 32 * 1024 * 1024;
const KEPT_LINES = 50;

interface LogFile {
  bytes: number;
  isDirty: boolean;
  last: string[];
}

/**
 * The logs of a node, in the folders of Azure ML's ParallelRunStep. They are written to a folder of this machine; where the job
 * stands elsewhere they are taken there from time to time.
 */
export class JobLog {
  readonly #folder: string;
  readonly #files = new Map<string, LogFile>();
  #writing = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Adds a line. Never fails: a full disk must not end a job. */
  line(file: string, text: string): void {
    const entry = this.#entry(file);
    entry.last.push(text);
    if (entry.last.length > KEPT_LINES) entry.last.shift();
    if (entry.bytes > MAX_LOG_BYTES) return;
    entry.bytes += Buffer.byteLength(text) + 1;
    entry.isDirty = true;
    const shown = entry.bytes > MAX_LOG_BYTES ? `${text}\n(this log is full; what follows is left out)\n` : `${text}\n`;
    this.#write(async (target) => appendFile(target, shown, { mode: 0o600 }), file);
  }

  /** Exchanges a whole file. */
  replace(file: string, text: string): void {
    this.#entry(file).isDirty = true;
    this.#write(async (target) => {
      await writeFile(`${target}.draft`, text, { mode: 0o600 });
      await rename(`${target}.draft`, target);
    }, file);
  }

  /** What was written last. */
  last(file: string): readonly string[] {
    return this.#files.get(file)?.last ?? [];
  }

  /** Waits until all is written, and takes what changed to another place. */
  async flush(place?: Place): Promise<void> {
    await this.#writing;
    if (place === undefined) return;
    for (const [file, entry] of this.#files) {
      if (!entry.isDirty) continue;
      entry.isDirty = false;
      const bytes = await readFile(path.join(this.#folder, file)).catch(() => undefined);
      if (bytes !== undefined) await place.write(batchPaths.logs + file, bytes).catch(() => (entry.isDirty = true));
    }
  }

  #entry(file: string): LogFile {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const entry: LogFile = { bytes: 0, isDirty: false, last: [] };
    this.#files.set(file, entry);
    return entry;
  }

  #write(work: (target: string) => Promise<void>, file: string): void {
    const target = path.join(this.#folder, file);
    this.#writing = this.#writing.then(async () => {
      try {
        await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
        await work(target);
      } catch {
        // the line is lost; the job goes on
      }
    });
  }
}
