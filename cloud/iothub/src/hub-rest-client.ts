import https from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import azureHttpBase from 'azure-iot-http-base';
import type { RestApiClient } from 'azure-iot-http-base';

/** The most attempts at one call. */
const MAX_ATTEMPTS = 4;
/** Milliseconds before the second attempt; doubled for each further one, unless the hub says how long to wait. */
const FIRST_DELAY_MS = 250;
const RETRIED_STATUS = new Set([429, 500, 502, 503, 504]);
/** A method may have run already when the hub fails, so it is called again only where it was refused before. */
const RETRIED_METHOD_STATUS = new Set([429, 503]);

type ResponseCallback = NonNullable<Parameters<RestApiClient['executeApiCall']>[6]>;

export interface HubTransport {
  readonly port: number;
  /** PEM certificates to trust; without it, the usual ones. */
  readonly ca?: readonly string[];
  /** Deadline of a call with all its attempts, in milliseconds. */
  readonly timeoutMs: number;
}

/** What the SDK hands over as the error of a call that was answered. */
export interface HubResponseError extends Error {
  readonly response?: IncomingMessage;
  readonly responseBody?: string;
}

/**
 * The SDK's REST client with what it lacks: a port, certificates to trust, a deadline, and further attempts when the hub is
 * throttling or failing. A hub other than Azure's own can be reached only this way without touching the SDK's inside.
 */
export class HubRestClient extends azureHttpBase.RestApiClient implements Disposable {
  readonly #transport: HubTransport;
  readonly #agent: https.Agent;

  constructor(config: RestApiClient.TransportConfig, userAgent: string, transport: HubTransport) {
    super(config, userAgent);
    this.#transport = transport;
    this.#agent = new https.Agent({ keepAlive: true, ...(transport.ca && { ca: [...transport.ca] }) });
  }

  override executeApiCall(...args: Parameters<RestApiClient['executeApiCall']>): void {
    const [method, path, headers, body] = args;
    const done = args.find((argument) => typeof argument === 'function');
    if (done === undefined) throw new TypeError(`${method} ${path} was called without a callback`);
    const signal = AbortSignal.timeout(this.#transport.timeoutMs);
    const deadline = performance.now() + this.#transport.timeoutMs;
    const attempt = (number: number): void => {
      let sent: ClientRequest | undefined;
      const request = (options: https.RequestOptions | string, onResponse?: (response: IncomingMessage) => void) => {
        const own = typeof options === 'string' ? { path: options } : options;
        sent = https.request({ ...own, agent: this.#agent, signal }, onResponse);
        return sent;
      };
      const answered = once(
        (error: HubResponseError | null, result: unknown, response: IncomingMessage | undefined) => {
          const delay =
            error === null || number >= MAX_ATTEMPTS
              ? Infinity
              : retryDelay(error, number, {
                  sent,
                  retried: /\/methods\?/.test(path) ? RETRIED_METHOD_STATUS : RETRIED_STATUS,
                });
          const late = performance.now() + delay >= deadline;
          if (late) finish(done, { error: signal.aborted ? signal.reason : error, result, response });
          else setTimeout(() => attempt(number + 1), delay);
        },
      );
      super.executeApiCall(method, path, { ...headers }, body, { port: this.#transport.port, request }, answered);
    };
    attempt(1);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function finish(
  done: ResponseCallback,
  outcome: { error: unknown; result: unknown; response: IncomingMessage | undefined },
): void {
  done(outcome.error as Error, outcome.result, outcome.response);
}

/** Milliseconds to wait before the next attempt, or Infinity when there is to be none. */
function retryDelay(
  error: HubResponseError,
  number: number,
  { sent, retried }: { readonly sent: ClientRequest | undefined; readonly retried: ReadonlySet<number> },
): number {
  const status = error.response?.statusCode;
  // the hub had closed a connection that was kept for the next call
  if (status === undefined) return sent?.reusedSocket === true && isReset(error) ? 0 : Infinity;
  if (!retried.has(status)) return Infinity;
  const told = Number(error.response?.headers['retry-after']);
  return Number.isFinite(told) && told >= 0 ? told * 1000 : FIRST_DELAY_MS * 2 ** (number - 1);
}

function isReset(error: Error): boolean {
  return 'code' in error && error.code === 'ECONNRESET';
}

/** The SDK's transport reports a request that breaks off more than once. */
function once<Args extends readonly unknown[]>(action: (...args: Args) => void): (...args: Args) => void {
  let called = false;
  return (...args) => {
    if (called) return;
    called = true;
    action(...args);
  };
}
