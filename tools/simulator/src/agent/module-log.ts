import { createWriteStream, renameSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { WriteStream } from 'node:fs';
import type { Readable } from 'node:stream';

/** A file is put aside at this size, so that a module's log has at most twice as much. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** Longer lines are cut in pieces. */
const MAX_LINE_LENGTH = 16 * 1024;

/** A line of a module's output. */
export interface LogLine {
  /** ISO 8601. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

export interface ModuleLogOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told of every line as it comes. */
  readonly onLine?: (line: LogLine) => void;
}

/**
 * What a module writes to its output, kept in `log` and `log.1`: each line with its time and stream, in the form that
 * Kubernetes' container runtimes use (`TIME STREAM F|P TEXT`, P for a piece of a line that goes on).
 */
export class ModuleLog implements AsyncDisposable {
  readonly #file: string;
  readonly #options: ModuleLogOptions;
  #stream: WriteStream;
  #bytes: number;

  private constructor(file: string, options: ModuleLogOptions) {
    this.#file = file;
    this.#options = options;
    this.#bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    this.#stream = this.#open();
  }

  /** @param directory the module's folder; made when it is not there */
  static async open(directory: string, options: ModuleLogOptions): Promise<ModuleLog> {
    await mkdir(directory, { recursive: true });
    return new ModuleLog(path.join(directory, 'log'), options);
  }

  /** Keeps what a stream brings, until it ends. */
  take(source: Readable, stream: LogLine['stream']): void {
    let rest = '';
    source.setEncoding('utf8');
    source.on('error', () => {});
    source.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#write(stream, 'F', line);
      while (rest.length > MAX_LINE_LENGTH) {
        this.#write(stream, 'P', rest.slice(0, MAX_LINE_LENGTH));
        rest = rest.slice(MAX_LINE_LENGTH);
      }
    });
    source.on('end', () => {
      if (rest !== '') this.#write(stream, 'F', rest);
      rest = '';
    });
  }

  /** Everything that is kept, the oldest first. */
  async read(): Promise<LogLine[]> {
    return await readModuleLog(path.dirname(this.#file));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stream.end(resolve);
    await promise;
  }

  #open(): WriteStream {
    const stream = createWriteStream(this.#file, { flags: 'a', mode: 0o600 });
    // a full disk must not end the simulator; the lines are lost
    stream.on('error', () => {});
    return stream;
  }

  #write(stream: LogLine['stream'], flag: 'F' | 'P', text: string): void {
    const time = new Date(this.#options.now()).toISOString();
    this.#options.onLine?.({ time, stream, text });
    const line = `${time} ${stream} ${flag} ${text}\n`;
    this.#bytes += Buffer.byteLength(line);
    this.#stream.write(line);
    if (this.#bytes < MAX_FILE_BYTES) return;
    // what the old stream has not written yet follows its file under the new name
    const full = this.#stream;
    renameSync(this.#file, `${this.#file}.1`);
    this.#bytes = 0;
    this.#stream = this.#open();
    full.end();
  }
}

/** The log of a module by its folder, also while nobody writes it; empty when there is none. */
export async function readModuleLog(directory: string): Promise<LogLine[]> {
  const texts = await Promise.all(
    ['log.1', 'log'].map(async (name) => await readFile(path.join(directory, name), 'utf8').catch(() => '')),
  );
  const lines: LogLine[] = [];
  let piece = '';
  for (const line of texts.join('').split('\n')) {
    const match = /^(\S+) (stdout|stderr) ([FP]) (.*)$/.exec(line);
    if (match === null) continue;
    const [, time = '', stream = '', flag, text = ''] = match;
    if (flag === 'P') piece += text;
    else {
      lines.push({ time, stream: stream === 'stderr' ? 'stderr' : 'stdout', text: piece + text });
      piece = '';
    }
  }
  return lines;
}
