import { createHash } from 'node:crypto';
import { parseChallenge } from '@edgewright/contract';
import { EdgeError } from '../edge-error.ts';
import type { OciLocation } from './oci-location.ts';
import { basicAuthorization } from './registry-credentials.ts';
import type { ReadRegistryCredentials } from './registry-credentials.ts';

const MAX_MANIFEST_BYTES = 4_194_304;
const MAX_TOKEN_BYTES = 1_048_576;
/** Statuses after which asking again may help. What is refused may be let in when the credentials on this device are put right. */
const PASSING_STATUSES = new Set([401, 403, 408, 425, 429]);
const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

export interface OciPullOptions {
  readonly location: OciLocation;
  readonly credentials: ReadRegistryCredentials | undefined;
  readonly signal: AbortSignal;
}

/** Reads from one repository of a container registry (OCI distribution-spec 1.1), with the token that it asks for. */
export class OciPull {
  readonly #options: OciPullOptions;
  #authorization: string | undefined;

  constructor(options: OciPullOptions) {
    this.#options = options;
  }

  /**
   * A manifest, checked against its digest where it is named by one.
   *
   * @throws EdgeError `ModelRejected`, `ModelUnavailable`
   */
  async manifest(reference: string): Promise<unknown> {
    const response = await this.#get(`manifests/${reference}`, { accept: MANIFEST_TYPES });
    if (response.status !== 200) throw await this.#failure(response, `the manifest ${reference}`);
    const bytes = await readLimited(response, MAX_MANIFEST_BYTES);
    if (bytes === undefined) throw this.rejected(`its manifest ${reference} has more than ${MAX_MANIFEST_BYTES} bytes`);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (reference.startsWith('sha256:') && digest !== reference) {
      throw this.rejected(`the registry answers with the manifest ${digest} in place of ${reference}`);
    }
    try {
      return JSON.parse(bytes.toString('utf8'));
    } catch {
      throw this.rejected(`its manifest ${reference} is not JSON`);
    }
  }

  /**
   * Bytes of a blob.
   *
   * @param length to the end when it is left out
   * @returns chunks, beginning exactly there
   * @throws EdgeError `ModelRejected`, `ModelUnavailable`
   */
  async blob(digest: string, offset: number, length?: number): Promise<AsyncIterable<Uint8Array>> {
    const last = length === undefined ? '' : offset + length - 1;
    const response = await this.#get(`blobs/${digest}`, {
      range: `bytes=${offset}-${last}`,
      'accept-encoding': 'identity',
    });
    const { status, body } = response;
    if (status === 416) return slice([], 0);
    if ((status !== 200 && status !== 206) || body === null) throw await this.#failure(response, `the blob ${digest}`);
    if (this.#options.location.origin.startsWith('https:') && !response.url.startsWith('https:')) {
      await body.cancel();
      throw this.rejected(`the registry leads to ${new URL(response.url).origin}, without encryption`);
    }
    const from = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
    if (status === 206 && Number(from) !== offset) {
      await body.cancel();
      throw this.#unavailable(
        `the registry answers with bytes from ${from ?? 'nowhere'} on, and was asked for ${offset}`,
      );
    }
    // a server that takes no ranges sends all of it
    return slice(body, status === 206 ? 0 : offset, length);
  }

  rejected(reason: string): EdgeError {
    return new EdgeError('ModelRejected', `the model ${this.#place()} is not taken: ${reason}`);
  }

  async #get(path: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const { origin, repository } = this.#options.location;
    const url = `${origin}/v2/${repository}/${path}`;
    const response = await this.#send(url, headers);
    if (response.status !== 401) return response;
    await response.body?.cancel();
    await this.#authorize(response.headers.get('www-authenticate') ?? '');
    return this.#send(url, headers);
  }

  #send(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const { signal } = this.#options;
    const authorization = this.#authorization;
    return fetch(url, { signal, headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) } });
  }

  /** Answers a challenge (distribution-spec, "token authentication"): with the password, or with a token that is given for it. */
  async #authorize(header: string): Promise<void> {
    const { location, credentials, signal } = this.#options;
    const basic =
      credentials === undefined || !location.mayAuthenticate
        ? undefined
        : basicAuthorization(await credentials(), location.host);
    const challenge = parseChallenge(header);
    if (challenge?.scheme !== 'bearer') {
      if (basic === undefined) throw this.#unavailable(this.#noCredentials());
      this.#authorization = basic;
      return;
    }
    const { realm = '', service, scope } = challenge.parameters;
    if (!URL.canParse(realm))
      throw this.#unavailable('the registry asks for a token, and does not say where to get one');
    const url = new URL(realm);
    if (location.origin.startsWith('https:') && url.protocol !== 'https:') {
      throw this.#unavailable(`the registry wants the password sent in the clear, to ${url.origin}`);
    }
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', scope ?? `repository:${location.repository}:pull`);
    const response = await fetch(url, { signal, headers: basic === undefined ? {} : { authorization: basic } });
    const text = await readLimited(response, MAX_TOKEN_BYTES);
    if (response.status !== 200) throw this.#unavailable(`${url.origin} gives no token: status ${response.status}`);
    this.#authorization = `Bearer ${tokenIn(text?.toString('utf8') ?? '') ?? ''}`;
  }

  #noCredentials(): string {
    const { location, credentials } = this.#options;
    if (!location.mayAuthenticate) return 'the registry asks for a password, which is not sent without encryption';
    return credentials === undefined
      ? 'the registry asks for a password, and EDGEWRIGHT_REGISTRY_CREDENTIALS names none'
      : `the registry asks for a password, and EDGEWRIGHT_REGISTRY_CREDENTIALS has none for ${location.host}`;
  }

  async #failure(response: Response, what: string): Promise<EdgeError> {
    await response.body?.cancel();
    const reason = `the registry answers with ${response.status} ${response.statusText} for ${what}`;
    return response.status >= 500 || PASSING_STATUSES.has(response.status)
      ? this.#unavailable(reason)
      : this.rejected(reason);
  }

  #unavailable(reason: string): EdgeError {
    return new EdgeError('ModelUnavailable', `cannot fetch ${this.#place()}: ${reason}`);
  }

  #place(): string {
    const { host, repository, reference } = this.#options.location;
    return `oci://${host}/${repository}${reference.startsWith('sha256:') ? '@' : ':'}${reference}`;
  }
}

async function* slice(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  skip: number,
  length = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  let left = skip;
  let wanted = length;
  for await (const chunk of chunks) {
    const part = chunk.subarray(Math.min(left, chunk.length)).subarray(0, wanted);
    left -= Math.min(left, chunk.length);
    wanted -= part.length;
    if (part.length > 0) yield part;
    if (wanted <= 0) return;
  }
}

/** Undefined when there is more. */
async function readLimited(response: Response, limitBytes: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > limitBytes) return undefined;
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

function tokenIn(text: string): string | undefined {
  try {
    const { token, access_token: access } = JSON.parse(text) as { token?: unknown; access_token?: unknown };
    const found = token ?? access;
    return typeof found === 'string' && /^[\w.~+/=-]+$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
