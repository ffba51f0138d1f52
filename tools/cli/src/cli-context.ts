import type { Readable } from 'node:stream';

/** A stream that text is written to, which may be a terminal. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** What the command sees of the process that runs it. */
export interface CliContext {
  /** The arguments after the program's name. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly currentDirectory: string;
  readonly stdin: Readable;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Aborted when the user wants the command to end. */
  readonly signal: AbortSignal;
  /** How to start this program again: the executable and its arguments before the verb. */
  readonly program: readonly string[];
}
