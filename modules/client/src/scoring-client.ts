import { messageOf } from '@edgewright/contract';
import { callWithRetries } from './call-with-retries.ts';
import type { Answered } from './call-with-retries.ts';
import { ClientError } from './client-error.ts';
import { decodeAnswer, encodeRequest, joined } from './tensor.ts';
import type { NamedTensors } from './tensor.ts';

/** Gives a token. `refused` is the one that the service did not take, if that is why it is asked. */
export type TokenSource = (refused: string | undefined) => string | Promise<string>;

export interface ScoringClientOptions {
  /** The service, or its scoring URI: what stands behind the host, up to `/score`, is its prefix. */
  readonly url: string;
  /** A key of the service. */
  readonly key?: string;
  /** Gives tokens instead of a key; asked once, and again when the service refuses the one it gave. */
  readonly token?: TokenSource;
  /** Milliseconds for a call, all its tries together. Default 60 000. */
  readonly timeoutMs?: number;
  /** How often a call is tried. Default 4. */
  readonly tries?: number;
  /** The most that an answer may have. Default 104 857 600. */
  readonly maxAnswerBytes?: number;
}

export interface CallOptions {
  /** Names the call in the service's log; default: one that is made. */
  readonly requestId?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface InferOptions extends CallOptions {
  /** Default: the version that is served. */
  readonly version?: string | number;
}

/** The outputs of a model. */
export interface InferAnswer {
  readonly model: { readonly name: string; readonly version: string };
  readonly outputs: NamedTensors;
}

interface Sent {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

const DEFAULTS: Required<Pick<ScoringClientOptions, 'timeoutMs' | 'tries' | 'maxAnswerBytes'>> = {
  timeoutMs: 60_000,
  tries: 4,
  maxAnswerBytes: 104_857_600,
};

/**
 * Calls a service of edgewright, or any that speaks Azure ML's `/score` or the Open Inference Protocol. Scoring may be done twice, so what
 * fails on the way is tried again. Runs wherever there is `fetch`.
 */
export class ScoringClient {
  readonly #base: string;
  readonly #options: ScoringClientOptions & typeof DEFAULTS;
  #token: string | undefined;

  constructor(options: ScoringClientOptions) {
    this.#base = options.url.replace(/(\/score)?\/*$/, '');
    this.#options = { ...DEFAULTS, ...options };
  }

  /**
   * Sends data to the entry script, or to the model in JSON terms.
   *
   * @param data what is sent as JSON: `{ data: [[1, 2, 3]] }`
   * @returns the JSON of the answer
   * @throws ClientError `RequestRefused`, `ServiceFailed`, `ConnectionFailed`, `CallTimeout`, `AnswerInvalid`, `TokenUnavailable`
   */
  async score<Answer = unknown>(data: unknown, options: CallOptions = {}): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    const { body } = await this.#call({ method: 'POST', path: '/score', headers, body: JSON.stringify(data) }, options);
    return jsonOf(body) as Answer;
  }

  /**
   * Sends an image, or other bytes, to the service.
   *
   * @param type `image/jpeg`, `image/png`, `image/webp`, or what the entry script reads
   */
  async scoreBytes<Answer = unknown>(
    bytes: Uint8Array<ArrayBuffer>,
    type: string,
    options: CallOptions = {},
  ): Promise<Answer> {
    const headers = { 'content-type': type };
    const { body } = await this.#call({ method: 'POST', path: '/score', headers, body: bytes }, options);
    return jsonOf(body) as Answer;
  }

  /** Runs a model on tensors, past an entry script. They travel as bytes. Throws as `score` does. */
  async infer(model: string, inputs: NamedTensors, options: InferOptions = {}): Promise<InferAnswer> {
    const { version, ...call } = options;
    const requestId = call.requestId ?? crypto.randomUUID();
    const { body, headerLength } = encodeRequest(inputs, requestId);
    const place = version === undefined ? '' : `/versions/${encodeURIComponent(String(version))}`;
    const answer = await this.#call(
      {
        method: 'POST',
        path: `/v2/models/${encodeURIComponent(model)}${place}/infer`,
        headers: {
          'content-type': 'application/octet-stream',
          'inference-header-content-length': String(headerLength),
        },
        body,
      },
      { ...call, requestId },
    );
    const length = answer.headers.get('inference-header-content-length');
    return decodeAnswer(answer.body, length === null ? undefined : Number(length));
  }

  /** True when the service answers that it is healthy; false when it cannot be reached or does not. One try. */
  async isHealthy(options: CallOptions = {}): Promise<boolean> {
    try {
      const { timeoutMs = this.#options.timeoutMs } = options;
      const { status } = await this.#try({ method: 'GET', path: '/' }, AbortSignal.timeout(timeoutMs), '');
      return status === 200;
    } catch {
      return false;
    }
  }

  /** The service's description: Swagger 2.0, or OpenAPI with `3` or `3.1`. Throws as `score` does. */
  async describe(version: '2' | '3' | '3.1' = '3.1', options: CallOptions = {}): Promise<unknown> {
    const { body } = await this.#call({ method: 'GET', path: `/swagger.json?version=${version}` }, options);
    return jsonOf(body);
  }

  async #call(sent: Sent, options: CallOptions): Promise<Answered> {
    const { tries, timeoutMs } = this.#options;
    const { requestId = crypto.randomUUID() } = options;
    const what = `${sent.method} ${this.#base}${sent.path}`;
    const answer = await callWithRetries((signal) => this.#withToken(sent, signal, requestId), {
      what,
      tries,
      timeoutMs: options.timeoutMs ?? timeoutMs,
      signal: options.signal,
    });
    if (answer.status < 400) return answer;
    throw failureOf(answer, what, requestId);
  }

  /** A token that is refused is asked for anew, once. */
  async #withToken(sent: Sent, signal: AbortSignal, requestId: string): Promise<Answered> {
    const { token } = this.#options;
    if (token === undefined) return await this.#try(sent, signal, requestId);
    this.#token ??= await tokenFrom(token, undefined);
    const used = this.#token;
    const answer = await this.#try(sent, signal, requestId);
    if (answer.status !== 401) return answer;
    // another call may have brought a new one meanwhile
    if (this.#token === used) this.#token = await tokenFrom(token, used);
    return await this.#try(sent, signal, requestId);
  }

  async #try({ method, path, headers, body }: Sent, signal: AbortSignal, requestId: string): Promise<Answered> {
    const credential = this.#token ?? this.#options.key;
    const response = await fetch(`${this.#base}${path}`, {
      method,
      signal,
      headers: {
        ...headers,
        ...(requestId === '' ? {} : { 'x-request-id': requestId }),
        ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
      },
      ...(body === undefined ? {} : { body }),
    });
    const bytes = await readAll(response, this.#options.maxAnswerBytes);
    return { status: response.status, headers: response.headers, body: bytes };
  }
}

async function tokenFrom(source: TokenSource, refused: string | undefined): Promise<string> {
  try {
    return await source(refused);
  } catch (cause) {
    throw new ClientError('TokenUnavailable', `cannot get a token: ${messageOf(cause)}`, { cause });
  }
}

async function readAll(response: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > most) {
      throw new ClientError('AnswerInvalid', `cannot read the answer: it has more than ${most} bytes`, { details: { limit: most } }); // prettier-ignore
    }
    parts.push(part);
  }
  return joined(parts);
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown;
  } catch (cause) {
    throw new ClientError('AnswerInvalid', `cannot read the answer: it is no JSON: ${messageOf(cause)}`, { cause });
  }
}

/** The service's own words, where it has some. */
function failureOf({ status, body }: Answered, what: string, requestId: string): ClientError {
  const text = new TextDecoder().decode(body.subarray(0, 10_000));
  let said: { message?: unknown; error?: unknown; code?: unknown } = {};
  try {
    said = Object(JSON.parse(text)) as typeof said;
  } catch {
    // plain text, as proxies on the way answer
  }
  const reason = [said.message, said.error].find((each) => typeof each === 'string') ?? text.slice(0, 300);
  const details = { status, requestId, ...(typeof said.code === 'string' ? { code: said.code } : {}) };
  return new ClientError(status < 500 && status !== 429 ? 'RequestRefused' : 'ServiceFailed', `${what} answered ${status}: ${reason}`, { details }); // prettier-ignore
}
