import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** Where a scorer listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Of callers at once; a scorer takes far less. */
const MAX_CONNECTIONS = 4096;
/** For a request that gets no more than a refusal. */
const REFUSAL_MS = 5000;

/**
 * The port of a service whose scorers are containers: hands each connection on to the container that serves now. Ports of
 * containers belong to the container; so an exchange of containers changes nothing for callers. While none serves,
 * callers get 503 with `Retry-After`.
 */
export class PortGate implements AsyncDisposable {
  readonly port: number;
  /** Where new connections go; undefined: nobody serves. */
  backend: Address | undefined;
  readonly #service: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(service: string, port: number) {
    this.#service = service;
    this.port = port;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (caller) =>
      this.#handOn(caller),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Listens on loopback. @throws the failure of the system, such as EADDRINUSE */
  static async open(service: string, port: number): Promise<PortGate> {
    const gate = new PortGate(service, port);
    await new Promise<void>((resolve, reject) => {
      gate.#server.once('error', reject);
      gate.#server.listen(port, '127.0.0.1', () => {
        gate.#server.off('error', reject);
        gate.#server.on('error', () => {});
        resolve();
      });
    });
    return gate;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #handOn(caller: Socket): void {
    this.#keep(caller);
    if (this.backend === undefined) {
      this.#refuse(caller);
      return;
    }
    const scorer = connect({ ...this.backend, allowHalfOpen: true, noDelay: true });
    this.#keep(scorer);
    let isConnected = false;
    scorer.once('connect', () => {
      isConnected = true;
      caller.pipe(scorer);
      scorer.pipe(caller);
    });
    scorer.once('close', (hadError) => {
      // nothing of the request was taken yet, so it may be answered here
      if (hadError && !isConnected) this.#refuse(caller);
      else if (hadError) caller.destroy();
      // what is still on its way to the caller gets there
      else
        caller
          .setTimeout(REFUSAL_MS, () => caller.destroy())
          .resume()
          .end();
    });
    caller.once('close', () => scorer.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** After the request came, because closing before would take the answer back. */
  #refuse(caller: Socket): void {
    const body = JSON.stringify({ message: `No ready replicas for service ${this.#service}` });
    const head = [
      'HTTP/1.1 503 Service Unavailable',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'retry-after: 1',
      'connection: close',
    ];
    caller.setTimeout(REFUSAL_MS, () => caller.destroy());
    caller.once('data', () => caller.end(`${head.join('\r\n')}\r\n\r\n${body}`));
    caller.on('end', () => caller.end());
    caller.resume();
  }
}
