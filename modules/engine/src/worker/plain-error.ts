import { isEdgewrightError } from '@edgewright/contract';
import { engineErrorCodes, EngineError } from '../engine-error.ts';
import type { PlainError } from './protocol.ts';

const MAX_CAUSES = 8;

/** An error as plain data. Details that cannot cross a thread are dropped. */
export function toPlainError(thrown: unknown, depth = 0): PlainError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) };
  const cause = thrown.cause === undefined || depth >= MAX_CAUSES ? undefined : toPlainError(thrown.cause, depth + 1);
  return {
    name: thrown.name,
    message: thrown.message,
    ...(isEdgewrightError(thrown) ? { code: thrown.code, details: jsonOnly(thrown.details) } : {}),
    ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** The error again: an EngineError when it was one, with the stack of the place where it was made. */
export function fromPlainError(plain: PlainError): Error {
  const cause = plain.cause === undefined ? undefined : fromPlainError(plain.cause);
  const options = { ...(plain.details === undefined ? {} : { details: plain.details }), cause };
  const code = engineErrorCodes.find((each) => each === plain.code);
  const error =
    code === undefined
      ? Object.assign(new TypeError(plain.message, { cause }), { name: plain.name })
      : new EngineError(code, plain.message, options);
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}

function jsonOnly(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(JSON.stringify(details)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
