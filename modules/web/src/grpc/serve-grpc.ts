import { promisify } from 'node:util';
import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { messageOf } from '@edgewright/contract';
import { WebError } from '../web-error.ts';
import { watchCertificate } from '../tls/certificate-files.ts';
import type { CertificateFiles, KeyPair } from '../tls/certificate-files.ts';
import { guardCalls } from './guard-calls.ts';
import type { GuardOptions } from './guard-calls.ts';
import { loadGrpc } from './grpc-runtime.ts';
import type { Grpc } from './grpc-runtime.ts';
import { HealthService } from './health-service.ts';
import { inferenceService } from './inference-service.ts';
import type { InferenceServiceOptions } from './inference-service.ts';

export interface ServeGrpcOptions extends Omit<InferenceServiceOptions, 'grpc'>, GuardOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly tls?: CertificateFiles | undefined;
  /** Bytes in a message. */
  readonly messageBytes: number;
  /** Milliseconds that closing waits for calls that run. */
  readonly drainMs: number;
}

/** A gRPC endpoint that runs. Closing it stops intake, waits for calls that run, then frees the port. */
export interface GrpcServer extends AsyncDisposable {
  readonly port: number;
  /** From now on health checks say NOT_SERVING; calls are still answered. */
  readonly beginDrain: () => void;
}

const CHANNEL_OPTIONS = {
  'grpc.max_send_message_length': -1,
  // of one connection
  'grpc.max_concurrent_streams': 1000,
  'grpc.max_connection_idle_ms': 300_000,
  // a caller that vanished is found out
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
} as const;

/**
 * Serves the Open Inference Protocol and gRPC's health protocol.
 *
 * @throws WebError `PortInUse`, `CertificateInvalid`
 */
export async function serveGrpc(options: ServeGrpcOptions): Promise<GrpcServer> {
  const { grpc, services } = await loadGrpc();
  await using cleanup = new AsyncDisposableStack();
  const server = new grpc.Server({
    ...CHANNEL_OPTIONS,
    'grpc.max_receive_message_length': options.messageBytes,
    interceptors: [guardCalls(grpc, options)],
  });
  const health = new HealthService(grpc);
  server.addService(services.inference, inferenceService({ ...options, grpc }));
  server.addService(services.health, health.handlers);
  const port = await listen(server, options, credentialsOf(grpc, options, cleanup));
  const text = `${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
  options.logger.info({ event: 'web.listening', address: text, protocol: 'grpc' }, `serving gRPC at ${text}`);
  cleanup.defer(async () => {
    health.close();
    await shutDown(server, options.drainMs);
  });
  const closing = cleanup.move();
  return { port, beginDrain: () => health.stopServing(), [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

function credentialsOf(
  grpc: Grpc,
  { tls, logger }: ServeGrpcOptions,
  cleanup: AsyncDisposableStack,
): ServerCredentials {
  if (tls === undefined) return grpc.ServerCredentials.createInsecure();
  const listeners = new Set<(pair: { certificate: Buffer; privateKey: Buffer }) => void>();
  const tell = ({ cert, key }: KeyPair): void => {
    for (const listener of listeners) listener({ certificate: cert, privateKey: key });
  };
  const certificate = watchCertificate(tls, logger, tell);
  cleanup.use(certificate.watch);
  return grpc.experimental.createCertificateProviderServerCredentials(
    {
      addIdentityCertificateListener: (listener) => {
        listeners.add(listener);
        // its server listens to what the credentials say only after this returned
        setImmediate(() => tell(certificate.pair));
      },
      removeIdentityCertificateListener: (listener) => void listeners.delete(listener),
      addCaCertificateListener: () => {},
      removeCaCertificateListener: () => {},
    },
    null,
    false,
  );
}

async function listen(
  server: Server,
  { host, port }: ServeGrpcOptions,
  credentials: ServerCredentials,
): Promise<number> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  try {
    const found = await promisify(server.bindAsync.bind(server))(address, credentials);
    // a certificate is handed over in the next turn
    await new Promise((resolve) => setImmediate(resolve));
    return found;
  } catch (cause) {
    server.forceShutdown();
    throw new WebError('PortInUse', `cannot listen for gRPC on ${address}: ${messageOf(cause)}`, {
      details: { host, port },
      cause,
    });
  }
}

async function shutDown(server: Server, drainMs: number): Promise<void> {
  const timer = setTimeout(() => server.forceShutdown(), drainMs);
  try {
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  } finally {
    clearTimeout(timer);
  }
}
