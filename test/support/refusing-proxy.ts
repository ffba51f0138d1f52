import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the proxy answers in the place of the server behind it. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An HTTP proxy that answers requests itself for a while: each kind of request is refused in all ways, one after another. */
export class RefusingProxy implements AsyncDisposable {
  /** What was refused: `PATCH 503`. */
  readonly refused: string[] = [];
  readonly #server;
  readonly #seen = new Map<string, number>();

  private constructor(target: string, refusals: readonly Refusal[]) {
    const { hostname, port } = new URL(`http://${target}`);
    this.#server = createServer((incoming, response) => {
      const method = incoming.method ?? 'GET';
      const turn = this.#seen.get(method) ?? 0;
      this.#seen.set(method, turn + 1);
      const refusal = refusals[turn];
      if (refusal !== undefined) {
        this.refused.push(`${method} ${refusal.status}`);
        // the body is taken, as a server does that looks at a request before it refuses it
        incoming.resume().on('end', () => response.writeHead(refusal.status, refusal.headers ?? {}).end('not now'));
        return;
      }
      const { headers, url } = incoming;
      const outgoing = request({ hostname, port, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      outgoing.on('error', () => response.destroy());
      incoming.pipe(outgoing);
    });
  }

  /** @param target `HOST:PORT` */
  static async start(target: string, refusals: readonly Refusal[]): Promise<RefusingProxy> {
    const proxy = new RefusingProxy(target, refusals);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** `HOST:PORT` */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
