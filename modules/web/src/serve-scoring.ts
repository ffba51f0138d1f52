import { messageOf } from '@edgewright/contract';
import type { Engine } from '@edgewright/engine';
import { createScoringMetrics } from '@edgewright/telemetry';
import type { Logger, Metrics, ScoringMetrics, Tracing } from '@edgewright/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import manifest from '../package.json' with { type: 'json' };
import { answerError, isRunFailure } from './answer-error.ts';
import type { ErrorAnswer } from './answer-error.ts';
import type { Authenticator } from './auth/authenticator.ts';
import { protectRoutes } from './auth/protect-routes.ts';
import { createServer } from './create-server.ts';
import { serveGrpc } from './grpc/serve-grpc.ts';
import type { GrpcServer } from './grpc/serve-grpc.ts';
import { limitRate } from './limit-rate.ts';
import { traceRequests } from './request-spans.ts';
import type { SpanOf } from './request-spans.ts';
import { otherIds, requestIdOf } from './request-ids.ts';
import { allowOrigins } from './cors.ts';
import { knownPaths, methodsOf } from './known-paths.ts';
import { RequestRate } from './request-rate.ts';
import { ModelStatistics } from './repository/model-statistics.ts';
import type { ModelRepository } from './repository/model-repository.ts';
import { addOipRoutes } from './routes/oip-routes.ts';
import { addRepositoryRoutes } from './routes/repository-routes.ts';
import { addRootRoute } from './routes/root-route.ts';
import { addScoreRoute, answerWith } from './routes/score-route.ts';
import { addSwaggerRoute } from './routes/swagger-route.ts';
import { readOwnDocuments } from './swagger/service-documents.ts';
import type { OwnDocuments } from './swagger/service-documents.ts';
import { prepareTls } from './tls/certificate-files.ts';
import type { CertificateFiles } from './tls/certificate-files.ts';
import { WebError } from './web-error.ts';

/** Bounds on requests. */
export interface WebLimits {
  /** Bytes in a body. Default 104 857 600, the 100 MB of Azure ML's container. */
  readonly bodyBytes: number;
  /** Milliseconds that a request may take; default: the engine's own. */
  readonly timeoutMs?: number;
  /** Milliseconds that closing waits for requests that run. Default 10 000. */
  readonly drainMs: number;
  /** Requests per second of one address, health apart; default: any number. */
  readonly requestsPerSecond?: number;
}

export interface ServeScoringOptions {
  /** Ready to score: the server says Healthy from its first answer on. The caller closes it, after the server. */
  readonly engine: Engine;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Serves the Open Inference Protocol over gRPC on this port too, 0 for any free one; default: not at all. */
  readonly grpcPort?: number;
  /** Who may call; default: everybody. The caller closes it, after the server. */
  readonly authenticator?: Authenticator;
  /** Serves HTTPS alone, TLS 1.2 and newer. */
  readonly tls?: CertificateFiles;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The scoring metrics when another host shares them; default: made here. */
  readonly scoringMetrics?: ScoringMetrics;
  /** Where spans of requests go; without it there are none. The caller closes it, after the server. */
  readonly tracing?: Tracing | undefined;
  /** The service's name, in swagger.json. Default `ML service`. */
  readonly title?: string;
  /** The service's version, in swagger.json. Default `1.0`. */
  readonly version?: string;
  /** Stands before the paths in swagger.json; Azure ML's SERVICE_PATH_PREFIX. Default none. */
  readonly pathPrefix?: string;
  /** A folder whose swagger.json, swagger2.json and swagger3.json are given instead of those that are made. */
  readonly documentsFolder?: string;
  /** Origins whose pages may call from a browser, `*` for all; Azure ML's AML_CORS_ORIGINS. Default none. */
  readonly corsOrigins?: readonly string[];
  /** False: answers do not carry `x-ms-server-version`. Default true. */
  readonly sendServerVersion?: boolean;
  /** False: browsers get `Healthy` at `/` like everybody else, instead of a page to try the service with. Default true. */
  readonly page?: boolean;
  /** Lets callers load and unload models; `engine` scores with those that are loaded. Default: the models stay. */
  readonly repository?: ModelRepository;
  readonly limits?: Partial<WebLimits>;
}

/** A REST endpoint that runs. Closing it stops intake, waits for requests that run, then frees the port. */
export interface ScoringServer extends AsyncDisposable {
  /** With the real port, without a `/` at the end. */
  readonly url: string;
  readonly port: number;
  /** Where gRPC is served, when it is. */
  readonly grpcPort?: number;
  /** From now on answers ask the caller to close its connection; new requests are still answered. Call it before closing. */
  readonly beginDrain: () => void;
}

const SERVER_VERSION = `edgewright/${manifest.version}`;
const DEFAULT_LIMITS: WebLimits = { bodyBytes: 104_857_600, drainMs: 10_000 };

/**
 * Serves `GET /` (health), `/score`, `/swagger.json` and `/metrics`, with the statuses, headers and bodies of Azure ML's
 * own container, and the Open Inference Protocol below `/v2` and, where asked for, over gRPC.
 *
 * @throws WebError `PortInUse`, `DocumentInvalid`
 */
export async function serveScoring(options: ServeScoringOptions): Promise<ScoringServer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const own = options.documentsFolder === undefined ? {} : await readOwnDocuments(options.documentsFolder);
  await using cleanup = new AsyncDisposableStack();
  const tls = options.tls === undefined ? undefined : prepareTls(options.tls, options.logger);
  if (tls !== undefined) cleanup.use(tls.watch);
  const server = createServer({ bodyBytes: limits.bodyBytes, tls });
  addHooks(server, options);
  const spanOf = options.tracing === undefined ? undefined : traceRequests(server, options.tracing);
  if (options.corsOrigins !== undefined) allowOrigins(server, options.corsOrigins);
  const beginDrain = closeConnectionsAfterAnswer(server);
  // one for both protocols, or an address could send as much over each
  const rate = limits.requestsPerSecond === undefined ? undefined : new RequestRate(limits.requestsPerSecond);
  if (rate !== undefined) limitRate(server, rate);
  if (options.authenticator !== undefined) protectRoutes(server, options.authenticator);
  const shared = { ...options, limits, scoringMetrics: scoringMetricsOf(options), statistics: new ModelStatistics() };
  addRoutes(server, { ...shared, spanOf }, own);
  const grpc = options.grpcPort === undefined ? undefined : cleanup.use(await startGrpc({ ...shared, port: options.grpcPort, rate })); // prettier-ignore
  const port = await listen(server, options);
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  const url = `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  options.logger.info({ event: 'web.listening', url }, `serving ${url}`);
  cleanup.defer(() => close(server, limits.drainMs));
  const closing = cleanup.move();
  const startDrain = (): void => {
    beginDrain();
    grpc?.beginDrain();
  };
  return {
    url,
    port,
    ...(grpc === undefined ? {} : { grpcPort: grpc.port }),
    beginDrain: startDrain,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** Those that are shared, or some of this host's own. */
function scoringMetricsOf({ engine, metrics, scoringMetrics }: ServeScoringOptions): ScoringMetrics {
  if (scoringMetrics !== undefined) return scoringMetrics;
  const own = createScoringMetrics(metrics);
  own.watchEngine(() => engine.stats());
  return own;
}

/** What both protocols of this host share. */
type HostOptions = ServeScoringOptions & {
  readonly limits: WebLimits;
  readonly scoringMetrics: ScoringMetrics;
  readonly statistics: ModelStatistics;
};

function startGrpc({
  limits,
  scoringMetrics,
  ...options
}: HostOptions & { readonly rate: RequestRate | undefined }): Promise<GrpcServer> {
  return serveGrpc({
    ...options,
    metrics: scoringMetrics,
    timeoutMs: limits.timeoutMs,
    messageBytes: limits.bodyBytes,
    drainMs: limits.drainMs,
  });
}

function addRoutes(
  server: FastifyInstance,
  options: HostOptions & { readonly spanOf: SpanOf | undefined },
  own: OwnDocuments,
): void {
  const { engine, metrics, scoringMetrics, statistics } = options;
  addRootRoute(server, { hasPage: options.page ?? true });
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  const { timeoutMs } = options.limits;
  const answer = answerWith({
    engine,
    metrics: scoringMetrics,
    statistics,
    logger: options.logger,
    spanOf: options.spanOf ?? (() => undefined),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  addScoreRoute(server, engine, answer);
  addOipRoutes(server, { engine, answer, statistics, repository: options.repository });
  addRepositoryRoutes(server, engine, options);
  const { title = 'ML service', version = '1.0', pathPrefix = '' } = options;
  addSwaggerRoute(server, engine, {
    name: { title, version, pathPrefix, isOpen: options.authenticator === undefined },
    own,
  });
}

function addHooks(server: FastifyInstance, { logger, sendServerVersion }: ServeScoringOptions): void {
  server.addHook('onRequest', (request, reply, done) => {
    if (sendServerVersion !== false) reply.header('x-ms-server-version', SERVER_VERSION);
    request.id = requestIdOf(request.headers);
    // before the others are looked at: an answer that refuses them is named as well
    reply.header('x-request-id', request.id);
    reply.headers(otherIds(request.headers, request.id));
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const facts = {
      event: 'web.request',
      requestId: request.id,
      method: request.method,
      path: request.url.split('?', 1)[0],
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime * 1000) / 1000,
    };
    // probes and scrapes come by the second
    const level =
      facts.path === '/score' || facts.path?.endsWith('/infer') === true || reply.statusCode >= 400 ? 'info' : 'debug';
    logger[level](facts, `${facts.method} ${facts.path} ${facts.status} ${facts.milliseconds} ms`);
    done();
  });
  server.setErrorHandler((error, request, reply) => {
    const answer = answerError(error);
    const facts = { event: 'web.failed', requestId: request.id, code: answer.body.code, err: error };
    if (answer.status >= 500) logger.error(facts, `request ${request.id} failed: ${messageOf(error)}`);
    else logger.debug(facts, `request ${request.id} refused: ${messageOf(error)}`);
    if (isRunFailure(answer.body.code)) reply.header('x-ms-run-function-failed', 'True');
    return reply.code(answer.status).headers(answer.headers).send(bodyOf(answer.body, request.url));
  });
  server.setNotFoundHandler((request, reply) => refuseUnknown(request, reply));
}

/** The Open Inference Protocol has its own word for a message. */
function bodyOf({ message, ...rest }: ErrorAnswer['body'], url: string): object {
  return /^\/v2([/?]|$)/.test(url) ? { error: message, ...rest } : { message, ...rest };
}

function refuseUnknown(request: FastifyRequest, reply: FastifyReply): never {
  const path = request.url.split('?', 1)[0] ?? '';
  const allowed = methodsOf(path);
  if (allowed === undefined) {
    throw new WebError('RouteUnknown', `there is nothing at ${path}; there is ${knownPaths.join(', ')}`, {
      details: { path },
    });
  }
  reply.header('allow', allowed);
  throw new WebError('MethodNotAllowed', `${path} does not take ${request.method}, only ${allowed}`, {
    details: { path, method: request.method, allowed },
  });
}

async function listen(server: FastifyInstance, { host, port }: ServeScoringOptions): Promise<number> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    await server.close();
    throw new WebError('PortInUse', `cannot listen on ${host}:${port}: ${messageOf(cause)}`, {
      details: { host, port, reason: (cause as { code?: string }).code },
      cause,
    });
  }
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/**
 * Closes connections after the answer that is under way: a kept-alive one would hold the server open.
 *
 * @returns what begins that before the server closes
 */
function closeConnectionsAfterAnswer(server: FastifyInstance): () => void {
  let closing = false;
  server.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) reply.header('connection', 'close');
    done();
  });
  return () => {
    closing = true;
  };
}

async function close(server: FastifyInstance, drainMs: number): Promise<void> {
  const timer = setTimeout(() => server.server.closeAllConnections(), drainMs);
  try {
    await server.close();
  } finally {
    clearTimeout(timer);
  }
}
