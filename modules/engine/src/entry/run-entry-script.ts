import { isEdgewrightError, messageOf } from '@edgewright/contract';
import { NotJsonError, toJsonValue } from '../codecs/json-value.ts';
import { EngineError } from '../engine-error.ts';
import { acceptValue } from '../schema/accept-value.ts';
import { placeText, scriptPlace } from '../scoring/script-place.ts';
import type { HttpCall, JobRequest, ScriptJob } from '../scoring/job.ts';
import type { EntryRequest } from './entry-script.ts';
import type { LoadedScript } from './load-entry-script.ts';
import { readMiniBatchAnswer } from './mini-batch.ts';
import { makeAnswer } from './make-answer.ts';
import type { MadeAnswer } from './make-answer.ts';
import { RawRequest } from './raw-request.ts';
import { ScriptResponse } from './script-response.ts';
import { settleBody } from './settle-body.ts';

/** What goes with a job of a script. */
export interface ScriptRun extends JobRequest {
  /** Fires when nobody waits for the result any more. */
  readonly cancelled: AbortSignal;
  readonly maxElements: number;
}

/**
 * Calls `run()` with what the request holds, and turns what it returns into a JSON value or an answer.
 *
 * @throws EngineError `EntryScriptFailed` with the place in the script; `InputInvalid` when the input does not fit what the
 *   script declares, or the script refused it
 */
export async function runEntryScript(
  script: LoadedScript,
  job: ScriptJob,
  run: ScriptRun,
): Promise<{ readonly value: unknown } | { readonly made: MadeAnswer }> {
  const data = dataOf(script, job, run.maxElements);
  try {
    const returned = await script.run(data, entryRequest(job, run));
    if (job.miniBatch !== undefined) return { value: readMiniBatchAnswer(returned) };
    const made = makeAnswer(returned);
    return made === undefined ? { value: toJsonValue(returned) } : { made: await settleBody(made) };
  } catch (cause) {
    // what the script let through of the engine's own refusals keeps its code: the input is the caller's
    if (isEdgewrightError(cause)) throw cause;
    throw failure(cause);
  }
}

/** The error for what a script's stream threw, once its head was sent. */
export function streamFailure(cause: unknown): EngineError {
  return isEdgewrightError(cause) ? (cause as EngineError) : failure(cause);
}

function dataOf({ raw, input }: LoadedScript, { data, http }: ScriptJob, maxElements: number): unknown {
  if (raw) return new RawRequest(http ?? callOf(data));
  return input === undefined ? data : acceptValue(input, data, { path: '$', maxElements });
}

/** What did not come over HTTP, as if it had. */
function callOf(data: unknown): HttpCall {
  const headers = [['content-type', 'application/json']] as const;
  return { method: 'POST', url: '/score', headers, body: Buffer.from(JSON.stringify(data) ?? '') };
}

function entryRequest({ http, miniBatch }: ScriptJob, run: ScriptRun): EntryRequest {
  // made when asked for: most scripts ask for neither, and a timer and a map for each request cost
  let signal: AbortSignal | undefined;
  let headers: Headers | undefined;
  return {
    requestId: run.requestId,
    method: http?.method ?? 'POST',
    ...(miniBatch === undefined ? {} : { miniBatch }),
    get headers() {
      headers ??= new Headers((http?.headers ?? []).map(([name, value]): [string, string] => [name, value]));
      return headers;
    },
    get signal() {
      signal ??= AbortSignal.any([run.cancelled, AbortSignal.timeout(Math.ceil(run.timeoutMs))]);
      return signal;
    },
    invalid: (message, details) => new EngineError('InputInvalid', message, details === undefined ? {} : { details }),
    respond: (body, init) => new ScriptResponse(body, init),
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
