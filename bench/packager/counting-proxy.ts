import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Passes connections on and counts the bytes that clients send. */
export class CountingProxy implements AsyncDisposable {
  /** Bytes from clients, headers included. */
  sent = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server;

  private constructor(host: string, port: number) {
    this.#server = createServer((client) => {
      const upstream = connect(port, host);
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on('close', () => this.#sockets.delete(socket));
        socket.on('error', () => socket.destroy());
      }
      client.on('data', (chunk) => {
        this.sent += chunk.length;
      });
      client.pipe(upstream);
      upstream.pipe(client);
    });
  }

  /** @param target `HOST:PORT` */
  static async start(target: string): Promise<CountingProxy> {
    const { hostname, port } = new URL(`http://${target}`);
    const proxy = new CountingProxy(hostname, Number(port));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** `HOST:PORT` */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
