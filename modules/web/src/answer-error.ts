import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { EdgewrightError } from '@edgewright/contract';
import { WebError } from './web-error.ts';

/** The answer to a request that failed. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Azure ML's `message`, and what a program needs beside it. */
  readonly body: { readonly message: string; readonly code: string; readonly details?: unknown };
}

/** The codes of failures in the model or the entry script, which Azure ML marks with a header of their own. */
const RUN_FAILURES = new Set(['EntryScriptFailed', 'ReplicaFailed', 'ScoringFailed', 'ScoringTimeout', 'WorkerLost']);

/** True when the model or the entry script failed, not the request. */
export function isRunFailure(code: string): boolean {
  return RUN_FAILURES.has(code);
}

/** The answer to whatever was thrown: code, HTTP status and message of the catalogue; stacks and causes stay in the log. */
export function answerError(thrown: unknown): ErrorAnswer {
  const error = isEdgewrightError(thrown) ? thrown : fromFastify(thrown);
  if (error === undefined) {
    return {
      status: 500,
      headers: {},
      body: { code: 'Unexpected', message: 'the request failed for a reason that the log names under its request id' },
    };
  }
  const details = error.fault === 'user' && error.httpStatus < 500 ? error.details : {};
  return {
    status: error.httpStatus,
    headers: headersOf(error),
    body: {
      message: error.message,
      code: error.code,
      ...(Object.keys(details).length > 0 ? { details } : {}),
    },
  };
}

/** What HTTP wants beside a status. */
function headersOf({ httpStatus, code }: EdgewrightError): Record<string, string> {
  if (httpStatus === 503 || httpStatus === 429) return { 'retry-after': '1' };
  if (httpStatus !== 401) return {};
  return { 'www-authenticate': code === 'CredentialsMissing' ? 'Bearer' : 'Bearer error="invalid_token"' };
}

/** What fastify itself refuses, in the words of this host. */
function fromFastify(thrown: unknown): EdgewrightError | undefined {
  const { code, statusCode } = (thrown ?? {}) as { code?: unknown; statusCode?: unknown };
  const message = messageOf(thrown);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new WebError('BodyTooLarge', message, { cause: thrown });
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new WebError('RequestInvalid', message, { cause: thrown });
  }
  return undefined;
}
