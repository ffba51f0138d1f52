import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '@edgewright/engine';
import type { Logger, Metrics, ScoringMetrics, Tracing } from '@edgewright/telemetry';
import { createKeyAuthenticator, createTokenAuthenticator, routeRequests, serveScoring } from '@edgewright/web';
import type { Authenticator, ModelRepository, ScoringServer } from '@edgewright/web';
import type { ServiceEnvironment } from './service-environment.ts';

export interface ServeServiceOptions {
  readonly service: ServiceEnvironment;
  readonly http: { readonly host: string; readonly port: number };
  readonly engine: Engine;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly scoringMetrics: ScoringMetrics;
  readonly tracing?: Tracing | undefined;
  /** Lets callers load and unload models. */
  readonly repository?: ModelRepository | undefined;
  /** What is served, when the service has no name of its own. */
  readonly title: { readonly title?: string; readonly version?: string };
  /** A folder whose swagger.json and its like are given instead of those that are made. */
  readonly documentsFolder: string;
}

/**
 * Serves REST as the variables of the service say. Closing it still answers for the time of `drainMs`, and asks callers to
 * close their connections meanwhile.
 *
 * @throws WebError `PortInUse`, `AuthenticationInvalid`, `CertificateInvalid`
 */
export async function serveService({
  service,
  http,
  title,
  repository,
  ...options
}: ServeServiceOptions): Promise<ScoringServer> {
  const {
    name,
    version,
    pathPrefix,
    corsOrigins,
    sendServerVersion,
    router,
    tls,
    requestsPerSecond,
    drainMs,
    grpcPort,
    page,
  } = service;
  const engine = router === undefined ? options.engine : routeRequests(options.engine, router);
  await using cleanup = new AsyncDisposableStack();
  const authenticator = createAuthenticator(service, options.logger);
  if (authenticator !== undefined) cleanup.use(authenticator);
  const server = cleanup.use(
    await serveScoring({
      ...http,
      ...options,
      engine,
      ...title,
      ...(name === undefined ? {} : { title: name }),
      ...(version === undefined ? {} : { version }),
      ...(pathPrefix === undefined ? {} : { pathPrefix }),
      ...(corsOrigins === undefined ? {} : { corsOrigins }),
      sendServerVersion,
      page,
      ...(repository === undefined ? {} : { repository }),
      ...(grpcPort === undefined ? {} : { grpcPort }),
      ...(authenticator === undefined ? {} : { authenticator }),
      ...(tls === undefined ? {} : { tls }),
      ...(requestsPerSecond === undefined ? {} : { limits: { requestsPerSecond } }),
    }),
  );
  cleanup.defer(async () => {
    server.beginDrain();
    await sleep(drainMs);
  });
  const closing = cleanup.move();
  return { ...server, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

function createAuthenticator({ keys, tokens }: ServiceEnvironment, logger: Logger): Authenticator | undefined {
  if (keys !== undefined) return createKeyAuthenticator(keys, logger);
  return tokens === undefined ? undefined : createTokenAuthenticator(tokens);
}
