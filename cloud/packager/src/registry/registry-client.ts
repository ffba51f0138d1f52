import { readFile } from 'node:fs/promises';
import { STATUS_CODES } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, parseChallenge } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';
import { Authorization } from './authorization.ts';
import { readDockerCredentials } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { HttpExchange, readBody } from './http-exchange.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';

/** How to reach a registry. */
export interface RegistryOptions {
  readonly credentials?: Credentials;
  /** Docker's configuration file, asked when no credentials are given. */
  readonly dockerConfigFile?: string;
  /** Speak HTTP instead of HTTPS. Default: only to this machine (`localhost`, 127.0.0.0/8, ::1), as Docker does. */
  readonly plainHttp?: boolean;
  /** A file with certificates (PEM) to trust. */
  readonly caFile?: string;
  /** How often a request is tried before its failure counts, 1 to 20; default 5. */
  readonly attempts?: number;
  /** The wait before the second attempt, in milliseconds; doubled each time. Default 250. */
  readonly retryDelayMs?: number;
}

export interface RegistryRequest extends Omit<HttpRequest, 'url'> {
  /** Below `/v2/REPOSITORY/`, or a whole address that the registry gave. */
  readonly place: string | URL;
  /** Statuses that are an answer; every other one is a failure. */
  readonly expect: readonly number[];
  /** What is being done, for messages: `upload the blob sha256:…`. */
  readonly action: string;
  /** Try again after a failure that may pass; default true. */
  readonly retry?: boolean;
}

const DEFAULT_ATTEMPTS = 5;
const DEFAULT_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;
const MAX_REDIRECTS = 5;
const MAX_ERROR_BYTES = 65_536;
/** Busy, overloaded, or broken behind a proxy: the same request may succeed a moment later. */
const PASSING: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** One repository of one registry, over the OCI distribution protocol 1.1. */
export class RegistryClient implements Disposable {
  readonly registry: string;
  readonly repository: string;
  readonly #http: HttpExchange;
  readonly #authorization: Authorization;
  readonly #base: URL;
  readonly #attempts: number;
  readonly #delayMs: number;
  /** Space-separated; what a token is asked for. */
  readonly #scope: string;

  private constructor(parts: ClientParts) {
    const { registry, repository, options } = parts;
    this.registry = registry;
    this.repository = repository;
    this.#http = parts.http;
    this.#authorization = parts.authorization;
    this.#base = new URL(`${parts.isPlain ? 'http' : 'https'}://${apiHostOf(registry)}/v2/${repository}/`);
    this.#attempts = options.attempts ?? DEFAULT_ATTEMPTS;
    this.#delayMs = options.retryDelayMs ?? DEFAULT_DELAY_MS;
    this.#scope = parts.scope;
  }

  /**
   * @param mayPush whether to ask for the right to write
   * @param alsoPull repositories of the same registry from which blobs are mounted
   * @throws PackagerError `RegistryRefused`
   */
  static async open(
    target: { readonly registry: string; readonly repository: string },
    options: RegistryOptions,
    { mayPush = false, alsoPull = [] }: { readonly mayPush?: boolean; readonly alsoPull?: readonly string[] } = {},
  ): Promise<RegistryClient> {
    const { registry, repository } = target;
    const ca = options.caFile === undefined ? undefined : await readCertificates(options.caFile, registry);
    const http = new HttpExchange(ca);
    const fromDocker =
      options.credentials === undefined && options.dockerConfigFile !== undefined
        ? await readDockerCredentials(options.dockerConfigFile, registry)
        : undefined;
    const scope = [
      `repository:${repository}:pull${mayPush ? ',push' : ''}`,
      ...alsoPull.map((other) => `repository:${other}:pull`),
    ].join(' ');
    const isPlain = options.plainHttp ?? isLoopback(registry);
    const authorization = new Authorization(http, options.credentials ?? fromDocker, !isPlain);
    return new RegistryClient({ registry, repository, options, http, authorization, scope, isPlain });
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }

  /**
   * An address that the registry gave, which may be relative.
   *
   * @throws PackagerError `RegistryFailed` when it is none, or leads out of HTTPS
   */
  resolve(location: string): URL {
    const url = URL.canParse(location, this.#base.href) ? new URL(location, this.#base) : undefined;
    if (url !== undefined && (url.protocol === this.#base.protocol || url.protocol === 'https:')) return url;
    throw new PackagerError(
      'RegistryFailed',
      `cannot use the registry "${this.registry}": it names "${location.slice(0, 200)}" as the place of an upload, which is no address to be reached by ${this.#base.protocol.slice(0, -1).toUpperCase()}`,
      { details: { registry: this.registry, repository: this.repository, location } },
    );
  }

  /**
   * Sends a request, answers challenges, follows redirects, and tries again what may pass.
   *
   * @throws PackagerError `RegistryRefused` (status 4xx), `RegistryFailed` (no answer, or 5xx to the end)
   */
  async send(request: RegistryRequest): Promise<HttpResponse> {
    const attempts = request.retry === false ? 1 : this.#attempts;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(request);
      if ('response' in outcome) return outcome.response;
      if (!outcome.mayPass || attempt >= attempts) throw outcome.error;
      await this.pause(attempt, outcome.error, request.signal);
    }
  }

  /** Waits before another attempt: as long as the registry asked for, else longer each time. */
  async pause(attempt: number, failure: PackagerError, signal?: AbortSignal): Promise<void> {
    const asked = failure.details['retryAfterMs'];
    const delay = typeof asked === 'number' ? asked : this.#delayMs * 2 ** (attempt - 1);
    await sleep(Math.min(delay, MAX_DELAY_MS), undefined, signal === undefined ? {} : { signal });
  }

  async #attempt(request: RegistryRequest): Promise<Outcome> {
    try {
      const response = await this.#exchange(request);
      if (request.expect.includes(response.status)) return { response };
      return { error: await this.#refusal(request, response), mayPass: PASSING.includes(response.status) };
    } catch (cause) {
      if (cause instanceof PackagerError) throw cause;
      request.signal?.throwIfAborted();
      const error = new PackagerError(
        'RegistryFailed',
        `cannot ${request.action}: the registry "${this.registry}" does not answer: ${messageOf(cause)}`,
        { details: { registry: this.registry, repository: this.repository }, cause },
      );
      return { error, mayPass: true };
    }
  }

  async #exchange(request: RegistryRequest): Promise<HttpResponse> {
    const url = typeof request.place === 'string' ? new URL(request.place, this.#base) : request.place;
    const response = await this.#sendTo(url, request);
    if (response.status !== 401) return await this.#follow(response, url, request);
    const challenge = parseChallenge(response.headers['www-authenticate'] ?? '');
    response.body.resume();
    const reason =
      challenge === undefined
        ? 'it wants to know who you are, in a way that is not known here'
        : await this.#authorization.answer(challenge, this.#scope, request.signal);
    if (reason !== undefined) throw this.#refused(request, 401, { reason });
    return await this.#follow(await this.#sendTo(url, request), url, request);
  }

  async #sendTo(url: URL, request: RegistryRequest): Promise<HttpResponse> {
    const { header } = this.#authorization;
    // a token is for the registry alone, not for where it redirects
    const isOurs = url.origin === this.#base.origin;
    const { method, body, signal } = request;
    return await this.#http.send({
      method,
      url,
      headers: { ...request.headers, ...(header === undefined || !isOurs ? {} : { authorization: header }) },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async #follow(first: HttpResponse, from: URL, request: RegistryRequest): Promise<HttpResponse> {
    let response = first;
    let url = from;
    for (let count = 0; [301, 302, 303, 307, 308].includes(response.status); count += 1) {
      const { location } = response.headers;
      response.body.resume();
      if (location === undefined || count >= MAX_REDIRECTS || !['GET', 'HEAD'].includes(request.method)) break;
      url = new URL(location, url);
      if (url.protocol === 'http:' && this.#base.protocol === 'https:') {
        throw this.#refused(request, response.status, { reason: `it redirects from HTTPS to "${url.origin}"` });
      }
      response = await this.#sendTo(url, request);
    }
    return response;
  }

  async #refusal(request: RegistryRequest, response: HttpResponse): Promise<PackagerError> {
    const text = await readBody(response, MAX_ERROR_BYTES).catch(() => Buffer.alloc(0));
    const retryAfterMs = retryAfter(response);
    const more = retryAfterMs === undefined ? {} : { retryAfterMs };
    return this.#refused(request, response.status, { reason: reasonIn(text.toString('utf8')), ...more });
  }

  #refused(
    request: RegistryRequest,
    status: number,
    said: { readonly reason: string; readonly retryAfterMs?: number },
  ): PackagerError {
    const code = PASSING.includes(status) || status > 500 ? 'RegistryFailed' : 'RegistryRefused';
    // the answer to HEAD has no body, so nothing but its status can be told
    const words = said.reason === '' ? (STATUS_CODES[status] ?? '') : said.reason;
    return new PackagerError(
      code,
      `cannot ${request.action}: the registry "${this.registry}" answers ${status}${words === '' ? '' : `: ${words}`}`,
      { details: { registry: this.registry, repository: this.repository, status, ...said } },
    );
  }
}

interface ClientParts {
  readonly registry: string;
  readonly repository: string;
  readonly options: RegistryOptions;
  readonly http: HttpExchange;
  readonly authorization: Authorization;
  readonly scope: string;
  readonly isPlain: boolean;
}

type Outcome = { readonly response: HttpResponse } | { readonly error: PackagerError; readonly mayPass: boolean };

/** Docker Hub is named by one host and answers at another. */
function apiHostOf(registry: string): string {
  return registry === 'docker.io' || registry === 'index.docker.io' ? 'registry-1.docker.io' : registry;
}

async function readCertificates(file: string, registry: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new PackagerError('RegistryRefused', `cannot reach the registry "${registry}": ${messageOf(cause)}`, {
      details: { registry, caFile: file },
      cause,
    });
  });
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfter(response: HttpResponse): number | undefined {
  const text = response.headers['retry-after'];
  if (text === undefined) return undefined;
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(milliseconds) && milliseconds >= 0 ? milliseconds : undefined;
}

/** `{"errors":[{"code":"DENIED","message":"…"}]}` as `DENIED …`. */
function reasonIn(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: unknown; message?: unknown }[] };
    const known = (errors ?? []).map(({ code, message }) =>
      [code, message].filter((one) => typeof one === 'string').join(' '),
    );
    if (known.length > 0) return known.join('; ');
  } catch {
    // proxies answer in HTML
  }
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 200);
}

function isLoopback(registry: string): boolean {
  const { hostname } = new URL(`http://${registry}`);
  return hostname === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(hostname) || hostname === '[::1]';
}
