import type { RegistryChallenge } from '@edgewright/contract';
import type { Credentials } from './credentials.ts';
import { readBody } from './http-exchange.ts';
import type { HttpExchange } from './http-exchange.ts';

const MAX_TOKEN_BYTES = 1_048_576;
/** A token is renewed so long before it ends, for a chunk that is on its way. */
const MARGIN_MS = 10_000;
/** What the specification says of a token without a lifetime. */
const DEFAULT_LIFETIME_S = 60;

/**
 * Answers the challenges of one registry (distribution-spec, "token authentication"), and keeps the tokens that it is given
 * while they hold.
 */
export class Authorization {
  readonly #http: HttpExchange;
  readonly #credentials: Credentials | undefined;
  readonly #isSecure: boolean;
  #header: string | undefined;
  #validUntil = Number.POSITIVE_INFINITY;

  /** @param isSecure whether the registry speaks HTTPS; then so must whoever gives the tokens */
  constructor(http: HttpExchange, credentials: Credentials | undefined, isSecure: boolean) {
    this.#http = http;
    this.#credentials = credentials;
    this.#isSecure = isSecure;
  }

  /** What to send as `Authorization`; undefined when nothing was asked for yet, or what there was has ended. */
  get header(): string | undefined {
    return Date.now() < this.#validUntil ? this.#header : undefined;
  }

  /**
   * Answers a challenge.
   *
   * @param scope what is wanted, where the challenge does not say
   * @returns undefined when it was answered, else the reason why it cannot be
   */
  async answer(challenge: RegistryChallenge, scope: string, signal?: AbortSignal): Promise<string | undefined> {
    if (challenge.scheme === 'basic') {
      const basic = this.#basic();
      if (basic === undefined) return 'it asks for a user name and a password, and none were given';
      this.#header = basic;
      return undefined;
    }
    const { realm, service } = challenge.parameters;
    if (realm === undefined || !URL.canParse(realm)) return 'it asks for a token, and does not say where to get one';
    if (this.#isSecure && new URL(realm).protocol !== 'https:')
      return `it wants the password sent in the clear, to "${realm}"`;
    const query = new URLSearchParams({ ...(service === undefined ? {} : { service }), scope });
    return await this.#fetchToken(new URL(realm), query, signal);
  }

  async #fetchToken(realm: URL, query: URLSearchParams, signal?: AbortSignal): Promise<string | undefined> {
    const credentials = this.#credentials;
    const isRefresh = credentials !== undefined && 'identityToken' in credentials;
    const basic = this.#basic();
    const url = new URL(realm);
    if (!isRefresh) for (const [key, value] of query) url.searchParams.set(key, value);
    const form = new URLSearchParams(query);
    if (isRefresh) {
      form.set('grant_type', 'refresh_token');
      form.set('client_id', 'edgewright');
      form.set('refresh_token', credentials.identityToken);
    }
    const formType = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await this.#http.send({
      url,
      ...(isRefresh
        ? { method: 'POST', headers: formType, body: Buffer.from(form.toString()) }
        : { method: 'GET', headers: basic === undefined ? {} : { authorization: basic } }),
      ...(signal === undefined ? {} : { signal }),
    });
    const body = await readBody(response, MAX_TOKEN_BYTES);
    // a failure of the moment is thrown, and so tried again like any other
    if (response.status >= 500 || response.status === 429)
      throw new TypeError(`status ${response.status} from "${realm.origin}"`);
    if (response.status !== 200) return `"${realm.origin}${realm.pathname}" gives no token: status ${response.status}`;
    return this.#takeToken(body.toString('utf8'), realm);
  }

  #takeToken(text: string, realm: URL): string | undefined {
    const answer = tokenAnswer(text);
    const token = answer?.token ?? answer?.access_token;
    if (typeof token !== 'string' || token === '') return `"${realm.origin}${realm.pathname}" answers without a token`;
    const lifetime = typeof answer?.expires_in === 'number' ? answer.expires_in : DEFAULT_LIFETIME_S;
    this.#header = `Bearer ${token}`;
    this.#validUntil = Date.now() + Math.max(lifetime * 1000 - MARGIN_MS, 1000);
    return undefined;
  }

  #basic(): string | undefined {
    const credentials = this.#credentials;
    if (credentials === undefined || !('username' in credentials)) return undefined;
    return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  }
}

function tokenAnswer(text: string): { token?: unknown; access_token?: unknown; expires_in?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
