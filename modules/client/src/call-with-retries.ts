import { isEdgewrightError, messageOf } from '@edgewright/contract';
import { ClientError } from './client-error.ts';

/** One try: what was answered, its body read. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export interface RetryOptions {
  /** For messages: `POST http://…/score`. */
  readonly what: string;
  readonly tries: number;
  /** Milliseconds for all tries together. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Tries until an answer is none that may be another one a moment later: the connection failed, 429, 503, and 502 that is not the model's
 * or the script's own failure. Waits as long as `Retry-After` says, else twice as long each time, give or take a quarter.
 *
 * @throws ClientError `ConnectionFailed`, `CallTimeout`; what `signal.reason` is, when it fires; what `attempt` throws on purpose
 */
export async function callWithRetries(
  attempt: (signal: AbortSignal, count: number) => Promise<Answered>,
  { what, tries, timeoutMs, signal }: RetryOptions,
): Promise<Answered> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const both = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  for (let count = 1; ; count += 1) {
    let failure: unknown;
    try {
      const answer = await attempt(both, count);
      if (count >= tries || !mayPass(answer)) return answer;
      await pause(pauseOf(answer.headers, count), both);
      continue;
    } catch (error) {
      failure = error;
    }
    signal?.throwIfAborted();
    if (isEdgewrightError(failure)) throw failure;
    if (deadline.aborted) throw new ClientError('CallTimeout', `${what} was not answered within ${timeoutMs} ms, ${count} tries`, { details: { timeoutMs, tries: count }, cause: failure }); // prettier-ignore
    if (count >= tries) throw new ClientError('ConnectionFailed', `${what} failed ${count} times: ${reasonOf(failure)}`, { details: { tries: count }, cause: failure }); // prettier-ignore
    await pause(pauseOf(undefined, count), both).catch(() => {});
  }
}

function mayPass({ status, headers }: Answered): boolean {
  if (status === 429 || status === 503) return true;
  return status === 502 && headers.get('x-ms-run-function-failed') === null;
}

/** @returns milliseconds */
function pauseOf(headers: Headers | undefined, count: number): number {
  const asked = Number(headers?.get('retry-after') ?? Number.NaN) * 1000;
  if (asked >= 0) return Math.min(asked, LONGEST_PAUSE_MS);
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (count - 1)) * (0.75 + Math.random() / 2);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** fetch says "fetch failed", and why in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : messageOf(cause);
}
