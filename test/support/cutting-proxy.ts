import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A TCP proxy that cuts each of its first connections after so many bytes, in either direction. */
export class CuttingProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections that were cut so far. */
  cuts = 0;

  private constructor(target: string, plan: { readonly connections: number; readonly afterBytes: number }) {
    const { hostname, port } = new URL(`http://${target}`);
    this.#server = createServer((incoming) => {
      const outgoing = connect(Number(port), hostname);
      let moved = 0;
      const count = (chunk: Buffer): void => {
        moved += chunk.length;
        if (moved < plan.afterBytes || this.cuts >= plan.connections) return;
        this.cuts += 1;
        incoming.destroy();
        outgoing.destroy();
      };
      for (const [from, to] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', count).on('error', () => {});
        from.on('close', () => to.destroy());
        from.pipe(to);
      }
    });
  }

  static async start(
    target: string,
    plan: { readonly connections: number; readonly afterBytes: number },
  ): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target, plan);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
