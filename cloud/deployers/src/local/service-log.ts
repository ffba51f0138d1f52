import { appendFileSync, renameSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/** A file is put aside at this size, so a service has at most twice as much. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_LINE_LENGTH = 64 * 1024;

/** What a service writes to its output, in `FILE` and `FILE.1`, and its last lines in memory. */
export class ServiceLog {
  readonly #file: string;
  #bytes: number;

  constructor(file: string) {
    this.#file = file;
    this.#bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Keeps what a stream brings, line by line, and hands each line on. */
  take(source: Readable, each: (line: string) => void): void {
    let rest = '';
    const take = (line: string): void => {
      each(line);
      this.write(line);
    };
    source.setEncoding('utf8');
    source.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(0, MAX_LINE_LENGTH);
      for (const line of lines) take(line);
    });
    source.on('end', () => {
      if (rest !== '') take(rest);
    });
    source.on('error', () => {});
  }

  /** Keeps one line. */
  write(line: string): void {
    const text = `${line}\n`;
    try {
      appendFileSync(this.#file, text, { mode: 0o600 });
      this.#bytes += Buffer.byteLength(text);
      if (this.#bytes < MAX_FILE_BYTES) return;
      renameSync(this.#file, `${this.#file}.1`);
      this.#bytes = 0;
    } catch {
      // a full disk must not end the service; the line is lost
    }
  }
}

/** The last lines of a service's log, the oldest first. */
export async function readServiceLog(file: string, lines: number): Promise<readonly string[]> {
  const texts = await Promise.all([`${file}.1`, file].map((name) => readFile(name, 'utf8').catch(() => '')));
  const all = texts.join('').split('\n');
  return all.slice(0, -1).slice(-lines);
}
