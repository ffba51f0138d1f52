import { isEdgewrightError, messageOf } from '@edgewright/contract';
import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import type { CircuitBreakerPolicy } from 'cockatiel';
import type { TraceCarrier, TraceSpan, Tracing } from '@edgewright/telemetry';
import { EdgeError } from '../edge-error.ts';

/** Failures in a row after which the endpoint is left alone for a while. */
const FAILURES_TO_OPEN = 5;
const FIRST_REST_MS = 5_000;
const LONGEST_REST_MS = 300_000;
/** What an answer may have: more would not fit a message anyway. */
const MAX_ANSWER_BYTES = 1_048_576;
const PASSING_STATUSES = new Set([401, 403, 408, 425, 429]);

export interface CloudRequest {
  readonly url: string;
  /** JSON. */
  readonly body: Uint8Array;
  readonly requestId: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Where the message stands in a trace. */
  readonly parent: TraceCarrier;
}

/**
 * Scores at an endpoint in the cloud, of edgewright or Azure ML, through a circuit breaker: one that failed five times in a row is
 * left alone, for five seconds first and up to five minutes.
 */
export class CloudEndpoint {
  readonly #key: () => Promise<string | undefined>;
  readonly #tracing: Tracing | undefined;
  readonly #breaker: CircuitBreakerPolicy;

  /** @param key the key or token, asked for each time; undefined for an endpoint without one */
  constructor(key: () => Promise<string | undefined>, tracing?: Tracing) {
    this.#key = key;
    this.#tracing = tracing;
    this.#breaker = circuitBreaker(
      handleWhen((error) => isEdgewrightError(error) && error.code === 'CloudUnavailable'),
      {
        breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
        halfOpenAfter: new ExponentialBackoff({ initialDelay: FIRST_REST_MS, maxDelay: LONGEST_REST_MS }),
      },
    );
  }

  /** `open` while the endpoint is left alone. */
  get circuit(): 'closed' | 'open' | 'halfOpen' {
    if (this.#breaker.state === CircuitState.Closed) return 'closed';
    return this.#breaker.state === CircuitState.HalfOpen ? 'halfOpen' : 'open';
  }

  /**
   * @returns the JSON that the endpoint answers with
   * @throws EdgeError `CloudUnavailable` when trying later may help, `CloudRefused` when it will not
   */
  async score(request: CloudRequest): Promise<unknown> {
    try {
      return await this.#breaker.execute(() => this.#call(request));
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new EdgeError('CloudUnavailable', `${hostOf(request.url)} is left alone for a while, after it failed`);
    }
  }

  async #call(request: CloudRequest): Promise<unknown> {
    const { hostname, port, protocol, pathname } = new URL(request.url);
    const span = this.#tracing?.begin(`POST ${pathname}`, {
      kind: 'client',
      parent: request.parent,
      attributes: {
        'http.request.method': 'POST',
        'url.full': `${protocol}//${hostOf(request.url)}${pathname}`,
        'server.address': hostname,
        'server.port': port === '' ? undefined : Number(port),
      },
    });
    try {
      const value = await this.#ask(request, span);
      span?.end();
      return value;
    } catch (error) {
      span?.end(error);
      throw error;
    }
  }

  async #ask({ url, body, requestId, timeoutMs, signal }: CloudRequest, span?: TraceSpan): Promise<unknown> {
    try {
      const key = await this.#key();
      const response = await fetch(url, {
        method: 'POST',
        body,
        // a key is not to be sent wherever an answer points
        redirect: 'error',
        headers: {
          'content-type': 'application/json',
          'x-ms-client-request-id': requestId,
          ...span?.carrier,
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      span?.set({ 'http.response.status_code': response.status });
      const text = await readBounded(response);
      if (!response.ok) throw refusal(url, response.status, text);
      return JSON.parse(text) as unknown;
    } catch (cause) {
      if (cause instanceof EdgeError) throw cause;
      const reason =
        cause instanceof TypeError && cause.cause !== undefined ? messageOf(cause.cause) : messageOf(cause);
      if (cause instanceof SyntaxError)
        throw new EdgeError('CloudRefused', `${hostOf(url)} answers with no JSON`, { cause });
      throw new EdgeError('CloudUnavailable', `cannot score at ${hostOf(url)}: ${reason}`, { cause });
    }
  }
}

function refusal(url: string, status: number, text: string): EdgeError {
  const isPassing = status >= 500 || PASSING_STATUSES.has(status);
  const message = `${hostOf(url)} answers with ${status}: ${text.slice(0, 300)}`;
  return new EdgeError(isPassing ? 'CloudUnavailable' : 'CloudRefused', message, { details: { status } });
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES)
      throw new EdgeError('CloudRefused', `the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function hostOf(url: string): string {
  return new URL(url).host;
}
