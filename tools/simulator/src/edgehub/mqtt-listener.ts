import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Server, TLSSocket } from 'node:tls';
import { listenFailure } from '../http/listen-failure.ts';
import type { IssuedCertificate } from '../workload/certificate-issuer.ts';
import type { ClientCertificate } from './client-authentication.ts';

export interface MqttListenerOptions {
  /** The address to listen on. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly certificate: IssuedCertificate;
  /** PEM of the authorities whose client certificates count. */
  readonly trustBundle: string;
  /** What it serves, for messages; default `edgeHub`. */
  readonly purpose?: string;
}

/** A TLS port that takes clients, with a certificate or without. */
export class MqttListener implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #host: string;
  readonly #sockets = new Set<Socket>();
  #comeBack: NodeJS.Timeout | undefined;

  private constructor(server: Server, host: string) {
    this.#server = server;
    this.#host = host;
    this.port = (server.address() as AddressInfo).port;
    // a port that was taken while it was away: it stays away, and what connects there says so
    server.on('error', () => {});
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** @throws SimulatorError `SimulatorPortInUse` */
  static async open(options: MqttListenerOptions): Promise<MqttListener> {
    const { host, port, certificate, trustBundle, purpose = 'edgeHub' } = options;
    const server = createServer({
      cert: certificate.certificate,
      key: certificate.privateKey,
      ca: trustBundle,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    });
    try {
      server.listen(port, host);
      await once(server, 'listening');
    } catch (cause) {
      throw listenFailure(purpose, { host, port }, cause);
    }
    return new MqttListener(server, host);
  }

  /** Calls back with every client that has done its TLS handshake. */
  onClient(accept: (socket: TLSSocket, certificate: ClientCertificate | undefined) => void): void {
    this.#server.on('secureConnection', (socket) => {
      socket.setNoDelay(true);
      accept(socket, certificateOf(socket));
    });
  }

  /** Goes away as a hub that restarts, and comes back on the same port. Settles when it is away. */
  async suspend(durationMs: number): Promise<void> {
    clearTimeout(this.#comeBack);
    await this.#close();
    this.#comeBack = setTimeout(() => this.#server.listen(this.port, this.#host), durationMs);
  }

  /** Closes the port and cuts whoever is still connected. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#comeBack);
    await this.#close();
  }

  async #close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function certificateOf(socket: TLSSocket): ClientCertificate | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  return {
    thumbprints: [certificate.fingerprint, certificate.fingerprint256].map((print) => print.replaceAll(':', '')),
    commonName: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
    isTrusted: socket.authorized,
  };
}
