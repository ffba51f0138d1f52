import { isEdgewrightError, messageOf } from '@edgewright/contract';
import { NotJsonError, toJsonValue } from '../codecs/json-value.ts';
import { EngineError } from '../engine-error.ts';
import { placeText, scriptPlace } from '../scoring/script-place.ts';
import type { JobRequest } from '../scoring/job.ts';
import type { EntryRequest, EntryScript } from './entry-script.ts';

/**
 * Calls `run()` and turns what it returns into a JSON value.
 *
 * @param cancelled fires when nobody waits for the result any more
 * @throws EngineError `EntryScriptFailed` with the place in the script; `InputInvalid` when the script refused the input
 */
export async function runEntryScript(
  script: EntryScript,
  data: unknown,
  request: JobRequest & { readonly cancelled: AbortSignal },
): Promise<unknown> {
  try {
    return toJsonValue(await script.run(data, entryRequest(request)));
  } catch (cause) {
    // what the script let through of the engine's own refusals keeps its code: the input is the caller's
    if (isEdgewrightError(cause)) throw cause;
    throw failure(cause);
  }
}

function entryRequest(request: JobRequest & { readonly cancelled: AbortSignal }): EntryRequest {
  let signal: AbortSignal | undefined;
  return {
    requestId: request.requestId,
    // made when asked for: most scripts do not, and a timer for each request costs
    get signal() {
      signal ??= AbortSignal.any([request.cancelled, AbortSignal.timeout(Math.ceil(request.timeoutMs))]);
      return signal;
    },
    invalid: (message, details) => new EngineError('InputInvalid', message, details === undefined ? {} : { details }),
  };
}

function failure(cause: unknown): EngineError {
  if (cause instanceof NotJsonError) {
    return new EngineError('EntryScriptFailed', `what run() returned cannot be sent: ${cause.message}`, {
      details: { path: cause.path },
      cause,
    });
  }
  const place = scriptPlace(cause);
  const where = place === undefined ? '' : ` at ${placeText(place)}`;
  const name = cause instanceof Error && cause.name !== 'Error' ? `${cause.name}: ` : '';
  return new EngineError('EntryScriptFailed', `run() of the entry script failed${where}: ${name}${messageOf(cause)}`, {
    details: { ...place },
    cause,
  });
}
