import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { getCACertificates } from 'node:tls';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** In memory, so that it can be sent again. */
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Must be read to its end, or destroyed. */
  readonly body: IncomingMessage;
}

/** A connection on which nothing moves for so long is taken for broken. */
const SILENCE_MS = 60_000;
const CONNECTIONS = 8;

/**
 * Speaks HTTP to one registry and to where it redirects, over connections that are kept. Node.js' `fetch` takes neither
 * certificates of one's own nor a body of known length in pieces.
 */
export class HttpExchange implements Disposable {
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS });
  readonly #secure: HttpsAgent;

  /** @param ca certificates (PEM) that are trusted beside those of the system */
  constructor(ca?: string) {
    this.#secure = new HttpsAgent({
      keepAlive: true,
      maxSockets: CONNECTIONS,
      ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
    });
  }

  [Symbol.dispose](): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  /** Resolves when the head of the answer is there. Rejects with the system's error when there is no answer. */
  send(request: HttpRequest): Promise<HttpResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    const { url, method, body, signal } = request;
    const isSecure = url.protocol === 'https:';
    const options = {
      method,
      agent: isSecure ? this.#secure : this.#plain,
      headers: { ...request.headers, ...(body === undefined ? {} : { 'content-length': String(body.length) }) },
      timeout: SILENCE_MS,
      ...(signal === undefined ? {} : { signal }),
    };
    const outgoing = (isSecure ? httpsRequest : httpRequest)(url, options, (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
    });
    // HTTP/1.1 keeps connections without being asked
    outgoing.removeHeader('connection');
    outgoing.on('timeout', () => outgoing.destroy(new TypeError(`nothing was heard for ${SILENCE_MS / 1000} seconds`)));
    outgoing.on('error', reject);
    outgoing.end(body);
    return promise;
  }
}

/** The whole of a body that must be small. @throws RangeError when it is not */
export async function readBody(response: HttpResponse, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) {
      response.body.destroy();
      throw new RangeError(`the answer has more than ${limitBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
