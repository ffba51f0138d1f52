import { errorCatalogue } from './catalogue.ts';
import type { ErrorCode, ErrorArea } from './catalogue.ts';
import type { ErrorEntry, Fault } from './entry.ts';

/** Facts about a failure, for machines: everything here must be serialisable as JSON. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface ErrorOptions {
  readonly details?: ErrorDetails;
  /** The failure that led to this one. Give it whenever there is one. */
  readonly cause?: unknown;
}

/** What crosses a wire or is printed with `--output json`. */
export interface SerializedError {
  readonly code: string;
  readonly message: string;
  readonly fault: Fault;
  readonly details: ErrorDetails;
  readonly remedy: string;
}

/**
 * The base of every error that edgewright throws on purpose. Each workspace has one subclass, which fixes the area and so
 * the codes that it may use.
 *
 * A message says what was being done, the offending value and where it stands, why it is wrong, and what to do.
 */
export abstract class EdgewrightError<Code extends ErrorCode = ErrorCode> extends Error {
  abstract readonly area: ErrorArea;
  readonly code: Code;
  readonly details: ErrorDetails;

  constructor(code: Code, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }

  get entry(): ErrorEntry {
    return entryOf(this.code);
  }

  get fault(): Fault {
    return this.entry.fault;
  }

  get httpStatus(): number {
    return this.entry.httpStatus;
  }

  /** 2 when the user's input is wrong, 1 for everything else. */
  get exitCode(): 1 | 2 {
    return this.fault === 'user' ? 2 : 1;
  }

  toJSON(): SerializedError {
    return {
      code: this.code,
      message: this.message,
      fault: this.fault,
      details: this.details,
      remedy: this.entry.remedy,
    };
  }
}

/** The catalogue's row of a code. */
export function entryOf(code: ErrorCode): ErrorEntry {
  for (const rows of Object.values(errorCatalogue)) {
    const row = (rows as Readonly<Record<string, ErrorEntry>>)[code];
    if (row !== undefined) return row;
  }
  throw new TypeError(`the error code "${code}" is not in the catalogue`);
}

/** True for errors of any workspace, also those that another copy of this module made. */
export function isEdgewrightError(value: unknown): value is EdgewrightError {
  if (!(value instanceof Error)) return false;
  const { code, area } = value as Partial<EdgewrightError>;
  return typeof code === 'string' && typeof area === 'string' && area in errorCatalogue;
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') return thrown.errors.map(messageOf).join('; ');
  if (thrown instanceof Error) return thrown.message;
  return String(thrown);
}
