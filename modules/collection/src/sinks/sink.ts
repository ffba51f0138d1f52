/** What a file holds so far. */
export interface FileState {
  readonly sizeBytes: number;
}

/** A place that collected rows are written to. Every call may fail, and is then made again. */
export interface Sink {
  /** Undefined when there is no such file. */
  look(path: string): Promise<FileState | undefined>;
  /** The first line of a file, without its end; as much of it as the limit allows. */
  firstLine(path: string): Promise<string>;
  /**
   * Writes behind what a file holds, and makes the file when there is none.
   *
   * @param position where the file is thought to end
   * @returns `moved` when it ends elsewhere, and nothing was written; `full` when the file takes no more
   */
  append(path: string, position: number, bytes: Uint8Array): Promise<'written' | 'moved' | 'full'>;
  /** Whether these bytes stand somewhere from a place on. */
  contains(path: string, from: number, bytes: Uint8Array): Promise<boolean>;
  /** Writes a whole file, unless it is there. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** Removes what is to be kept no longer. @returns what was removed */
  prune(now: number): Promise<{ readonly files: number; readonly bytes: number }>;
}

/** A first line that is longer is no head of ours. */
export const MAX_LINE_BYTES = 4_194_304;

/** What stands in bytes before the first end of a line. */
export function lineOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(10);
  const line = Buffer.from(bytes.subarray(0, end === -1 ? bytes.length : end)).toString();
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
