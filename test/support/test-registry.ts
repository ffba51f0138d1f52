import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request shall meet in place of its answer: a status, or a connection that is cut. */
export type RegistryFault =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      /** The request is done all the same; only its answer is lost. */
      readonly afterwards?: true;
    }
  /** Cut while the request's body comes in, after about so many bytes of it were taken. */
  | { readonly cutRequestAfter: number }
  /** Cut while the answer goes out, after so many bytes. */
  | { readonly cutAnswerAfter: number }
  /** The registry loses every upload that is under way. */
  | { readonly forget: true };

export interface TestRegistryOptions {
  /** Asked for each request, `count` from 1 for each method and path; undefined lets it pass. */
  readonly fault?: (request: {
    readonly method: string;
    readonly path: string;
    readonly count: number;
  }) => RegistryFault | undefined;
  /** `USER:PASSWORD`: tokens are asked for, and given to this user alone. */
  readonly user?: string;
  /** An OAuth 2 refresh token that is taken in place of the user. */
  readonly refreshToken?: string;
  /** Knows referrers (distribution-spec 1.1); without it, as older registries do, it answers 404. */
  readonly referrers?: boolean;
  /** Answer challenges with HTTP's own authentication, without tokens. */
  readonly basic?: boolean;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: Buffer;
  readonly repository: string;
  /** After the repository: `blobs/sha256:…`. */
  readonly rest: string;
  readonly fault: RegistryFault | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

interface StoredManifest {
  readonly bytes: Buffer;
  readonly type: string;
}

/** A container registry in this process, faithful to the OCI distribution specification 1.1 as far as it goes. */
export class TestRegistry implements AsyncDisposable {
  /** By repository, then digest. */
  readonly blobs = new Map<string, Map<string, Buffer>>();
  /** By repository, then tag or digest. */
  readonly manifests = new Map<string, Map<string, StoredManifest>>();
  /** `METHOD path` of every request, without query. */
  readonly requests: string[] = [];
  readonly #uploads = new Map<string, Buffer>();
  readonly #tokens = new Set<string>();
  readonly #options: TestRegistryOptions;
  readonly #server: Server;

  private constructor(options: TestRegistryOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(options: TestRegistryOptions = {}): Promise<TestRegistry> {
    const registry = new TestRegistry(options);
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  /** `127.0.0.1:PORT` */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `http://${this.host}`);
    const name = `${request.method} ${url.pathname}`;
    this.requests.push(name);
    const count = this.requests.filter((one) => one === name).length;
    const fault = this.#options.fault?.({ method: request.method ?? '', path: url.pathname, count });
    if (fault !== undefined && 'forget' in fault) this.#uploads.clear();
    const body = await this.#receive(request, url, fault);
    if (body === undefined) return;
    const match = /^\/v2\/(.+?)\/((?:blobs|manifests|referrers)\/.*)$/.exec(url.pathname);
    const exchange = { request, url, body, repository: match?.[1] ?? '', rest: match?.[2] ?? '', fault };
    const done = this.#answer(exchange);
    const answer = fault !== undefined && 'status' in fault ? fault : done;
    response.writeHead(answer.status, answer.headers);
    if (fault !== undefined && 'cutAnswerAfter' in fault && Buffer.isBuffer(answer.body)) {
      response.write(answer.body.subarray(0, fault.cutAnswerAfter), () => response.destroy());
    } else response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  /** @returns undefined when the connection was cut; the registry keeps what it got of a chunk until then */
  async #receive(request: IncomingMessage, url: URL, fault?: RegistryFault): Promise<Buffer | undefined> {
    const limit = fault !== undefined && 'cutRequestAfter' in fault ? fault.cutRequestAfter : Number.POSITIVE_INFINITY;
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size < limit) continue;
      const id = url.pathname.split('/').at(-1) ?? '';
      const before = this.#uploads.get(id);
      if (before !== undefined) this.#uploads.set(id, Buffer.concat([before, ...chunks]));
      request.socket.destroy();
      return undefined;
    }
    return Buffer.concat(chunks);
  }

  #answer(exchange: Exchange): Answer {
    const { fault, rest, url } = exchange;
    if (fault !== undefined && 'status' in fault && fault.afterwards !== true) return fault;
    if (url.pathname === '/token') return this.#token(exchange);
    const challenge = this.#challenge(exchange.request);
    if (challenge !== undefined) return challenge;
    if (rest.startsWith('referrers/') && this.#options.referrers === true) return this.#referrers(exchange);
    if (rest.startsWith('manifests/')) return this.#manifest(exchange);
    if (rest.startsWith('blobs/uploads/')) return this.#upload(exchange);
    if (rest.startsWith('blobs/')) return this.#blob(exchange);
    return { status: url.pathname === '/v2/' ? 200 : 404 };
  }

  #token({ request, body }: Exchange): Answer {
    const { user, refreshToken } = this.#options;
    const basic = `Basic ${Buffer.from(user ?? '').toString('base64')}`;
    const isUser = user !== undefined && request.headers.authorization === basic;
    const given = new URLSearchParams(body.toString()).get('refresh_token');
    const isRefresh = refreshToken !== undefined && given === refreshToken;
    if (!isUser && !isRefresh) return refused(401, 'UNAUTHORIZED');
    const token = randomUUID();
    this.#tokens.add(token);
    return { status: 200, body: JSON.stringify(isRefresh ? { access_token: token } : { token, expires_in: 300 }) };
  }

  #challenge(request: IncomingMessage): Answer | undefined {
    const { basic, refreshToken, user } = this.#options;
    if (user === undefined && refreshToken === undefined) return undefined;
    const [scheme, secret = ''] = (request.headers.authorization ?? '').split(' ');
    if (basic === true && scheme === 'Basic' && Buffer.from(secret, 'base64').toString() === user) return undefined;
    if (basic !== true && scheme === 'Bearer' && this.#tokens.has(secret)) return undefined;
    const bearer = `Bearer realm="http://${this.host}/token",service="test",scope="repository:a/b:pull,push"`;
    return {
      ...refused(401, 'UNAUTHORIZED'),
      headers: { 'www-authenticate': basic === true ? 'Basic realm="test"' : bearer },
    };
  }

  #manifest({ request, body, repository, rest }: Exchange): Answer {
    const name = rest.slice('manifests/'.length);
    const stored = inside(this.manifests, repository);
    if (request.method === 'PUT') {
      const entry = { bytes: body, type: request.headers['content-type'] ?? '' };
      stored.set(name, entry);
      stored.set(digestOf(body), entry);
      const { subject } = JSON.parse(body.toString()) as { subject?: { digest: string } };
      if (subject === undefined || this.#options.referrers !== true) return { status: 201 };
      return { status: 201, headers: { 'oci-subject': subject.digest } };
    }
    const entry = stored.get(name);
    if (entry === undefined) return refused(404, 'MANIFEST_UNKNOWN');
    const headers = { 'content-type': entry.type, 'docker-content-digest': digestOf(entry.bytes) };
    return { status: 200, headers, body: entry.bytes };
  }

  #referrers({ repository, rest }: Exchange): Answer {
    const subject = rest.slice('referrers/'.length);
    const entries = [...inside(this.manifests, repository)].filter(([name]) => name.startsWith('sha256:'));
    const manifests = entries.flatMap(([digest, { bytes, type }]) => {
      const document = JSON.parse(bytes.toString()) as { subject?: { digest: string }; artifactType?: string };
      const { artifactType } = document;
      return document.subject?.digest === subject
        ? [{ mediaType: type, digest, size: bytes.length, artifactType }]
        : [];
    });
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    return {
      status: 200,
      headers: { 'content-type': mediaType },
      body: JSON.stringify({ schemaVersion: 2, mediaType, manifests }),
    };
  }

  #blob({ request, repository, rest }: Exchange): Answer {
    const blob = inside(this.blobs, repository).get(rest.slice('blobs/'.length));
    if (blob === undefined) return refused(404, 'BLOB_UNKNOWN');
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const headers = { 'content-length': String(blob.length - start) };
    return { status: start > 0 ? 206 : 200, headers, body: blob.subarray(start) };
  }

  #upload(exchange: Exchange): Answer {
    const { request, url, body, repository, rest } = exchange;
    if (request.method === 'POST') return this.#beginUpload(url, repository);
    const id = rest.slice('blobs/uploads/'.length);
    const sofar = this.#uploads.get(id);
    if (sofar === undefined) return refused(404, 'BLOB_UPLOAD_UNKNOWN');
    if (request.method === 'DELETE') return { status: this.#uploads.delete(id) ? 204 : 404 };
    if (request.method === 'GET') return { status: 204, headers: uploadHeaders(repository, id, sofar) };
    const start = Number(/^(\d+)-/.exec(request.headers['content-range'] ?? '')?.[1] ?? sofar.length);
    if (start !== sofar.length) return { status: 416, headers: uploadHeaders(repository, id, sofar) };
    const whole = Buffer.concat([sofar, body]);
    this.#uploads.set(id, whole);
    if (request.method === 'PATCH') return { status: 202, headers: uploadHeaders(repository, id, whole) };
    const digest = url.searchParams.get('digest') ?? '';
    if (digestOf(whole) !== digest) return refused(400, 'DIGEST_INVALID');
    this.#uploads.delete(id);
    inside(this.blobs, repository).set(digest, whole);
    return { status: 201, headers: { location: `/v2/${repository}/blobs/${digest}` } };
  }

  #beginUpload(url: URL, repository: string): Answer {
    const digest = url.searchParams.get('mount') ?? '';
    const mounted = this.blobs.get(url.searchParams.get('from') ?? '')?.get(digest);
    if (mounted !== undefined) {
      inside(this.blobs, repository).set(digest, mounted);
      return { status: 201 };
    }
    const id = randomUUID();
    this.#uploads.set(id, Buffer.alloc(0));
    return { status: 202, headers: uploadHeaders(repository, id, Buffer.alloc(0)) };
  }
}

function uploadHeaders(repository: string, id: string, bytes: Buffer): Record<string, string> {
  const location = `/v2/${repository}/blobs/uploads/${id}?state=${bytes.length}`;
  return { location, range: `0-${Math.max(bytes.length - 1, 0)}` };
}

function refused(status: number, code: string): Answer {
  return { status, body: JSON.stringify({ errors: [{ code, message: 'said by the test registry' }] }) };
}

/** The map of one repository, made when it is not there. */
function inside<Value>(all: Map<string, Map<string, Value>>, repository: string): Map<string, Value> {
  const found = all.get(repository) ?? new Map<string, Value>();
  all.set(repository, found);
  return found;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
