import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EventSink } from '@edgewright/contract';
import { messageOf } from '@edgewright/contract';
import { listenFailure } from '../../listen-failure.ts';
import type { IssuedCertificate } from '../../workload/certificate-issuer.ts';
import type { Hub } from '../hub.ts';
import { hubFault } from '../hub-fault.ts';
import type { SharedAccessPolicies } from '../shared-access-policies.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { contentRoutes } from './content-routes.ts';
import { errorReply } from './error-body.ts';
import { identityRoutes } from './identity-routes.ts';
import { methodRoutes } from './method-routes.ts';
import { authorize } from './rest-authorization.ts';
import type { RestReply, RestRoute } from './rest-route.ts';
import { statisticsRoutes } from './statistics-routes.ts';
import { twinRoutes } from './twin-routes.ts';

/** The service API in one list. */
const routeFamilies: readonly ((hub: Hub) => RestRoute[])[] = [
  identityRoutes,
  bulkRoutes,
  twinRoutes,
  contentRoutes,
  methodRoutes,
  statisticsRoutes,
];

/** More than the largest request that IoT Hub takes: a bulk request of 100 devices with their twins. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const MAX_ID_LENGTH = 512;
/** An idle client keeps its connection for so long. */
const KEEP_ALIVE_MS = 60_000;

export interface RestServerOptions {
  readonly hub: Hub;
  readonly policies: SharedAccessPolicies;
  readonly certificate: IssuedCertificate;
  /** The address to listen on. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly emit: EventSink;
}

/** IoT Hub's service API over HTTPS. */
export interface RestServer extends AsyncDisposable {
  readonly port: number;
}

/** @throws SimulatorError `SimulatorPortInUse`, `SimulatorFailed` */
export async function startRestServer(options: RestServerOptions): Promise<RestServer> {
  const { certificate, host } = options;
  const app = fastify({
    https: { cert: certificate.certificate, key: certificate.privateKey },
    bodyLimit: MAX_BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_ID_LENGTH },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, parseBody(body.toString()));
  });
  app.setErrorHandler((error, _request, reply) => answer(reply, failure(options, error)));
  app.setNotFoundHandler((request, reply) =>
    answer(reply, failure(options, hubFault('InvalidOperation', `the hub has no ${request.method} ${request.url}`))),
  );
  for (const route of routeFamilies.flatMap((family) => family(options.hub))) register(app, route, options);
  try {
    await app.listen({ host, port: options.port });
  } catch (cause) {
    await app.close();
    throw listenFailure("IoT Hub's REST service", { host, port: options.port }, cause);
  }
  const { port } = app.server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => await app.close() };
}

function register(app: FastifyInstance<Server>, route: RestRoute, options: RestServerOptions): void {
  const { hub, policies } = options;
  const authorizer = { policies, hostNames: () => hostNames(app, hub), now: hub.now };
  app.route({
    method: route.method,
    url: route.path,
    // before the body is read: who may not ask is not listened to
    onRequest: (request, _reply, done) => {
      const path = request.url.split('?')[0] ?? '';
      authorize(authorizer, { header: request.headers.authorization, path, permissions: route.permissions });
      done();
    },
    handler: async (request, reply) => {
      await answer(reply, await route.handle(restRequest(request, reply)));
    },
  });
}

function hostNames(app: FastifyInstance<Server>, hub: Hub): string[] {
  const address = app.server.address() as AddressInfo | null;
  return [hub.hostName, `${hub.hostName}:${address?.port ?? ''}`];
}

function restRequest(request: FastifyRequest, reply: FastifyReply) {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort(new DOMException('the client has gone', 'AbortError')));
  return {
    parameters: request.params as Record<string, string>,
    query: request.query as Record<string, string>,
    header: (name: string) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    body: request.body,
    signal: gone.signal,
  };
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw hubFault('ArgumentInvalid', `the request body is not JSON: ${messageOf(cause)}`);
  }
}

function failure({ hub, emit }: RestServerOptions, error: unknown): RestReply {
  const { code } = error as { code?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return errorReply(
      hubFault('RequestEntityTooLarge', `a request body has at most ${MAX_BODY_BYTES} bytes`),
      hub.now(),
    );
  }
  const reply = errorReply(error, hub.now());
  if (reply.status >= 500 && reply.status !== 504) {
    emit({ stage: 'simulator.hub', state: 'failed', text: `the hub failed to answer a request: ${messageOf(error)}` });
  }
  return reply;
}

async function answer(reply: FastifyReply, { status, body, etag, headers }: RestReply): Promise<void> {
  void reply.code(status);
  for (const [name, value] of Object.entries(headers ?? {})) void reply.header(name, value);
  if (etag !== undefined) void reply.header('etag', `"${etag}"`);
  if (body === undefined) {
    await reply.send();
    return;
  }
  void reply.header('content-type', 'application/json; charset=utf-8');
  await reply.send(JSON.stringify(body));
}
