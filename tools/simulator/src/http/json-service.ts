import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { messageOf } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';
import { listenFailure } from './listen-failure.ts';
import type { JsonReply, JsonRequest, JsonRoute } from './json-route.ts';

const MAX_PARAMETER_LENGTH = 512;
/** An idle client keeps its connection for so long. */
const KEEP_ALIVE_MS = 60_000;

/** What is known of a request before its body is read. */
export interface RequestHead {
  /** Without the query. */
  readonly path: string;
  header(name: string): string | undefined;
}

export interface JsonServiceOptions<Route extends JsonRoute> {
  /** What it serves, for messages, such as `IoT Hub's REST service`. */
  readonly purpose: string;
  readonly routes: readonly Route[];
  /** The address to listen on. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** PEM; plain HTTP without it. */
  readonly tls?: { readonly certificate: string; readonly privateKey: string };
  readonly maxBodyBytes: number;
  /** Throws when the request may not be made. */
  readonly authorize: (route: Route, head: RequestHead) => void;
  /** What a failure is answered with. */
  readonly failure: (error: unknown) => JsonReply;
  /** Takes requests to change the protocol, for WebSockets; without it they are answered as any others. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export interface JsonService extends AsyncDisposable {
  readonly port: number;
}

/**
 * Serves routes over HTTP or HTTPS. Disposing of it breaks off what is being answered.
 *
 * @throws SimulatorError `SimulatorPortInUse`, `SimulatorFailed`
 */
export async function startJsonService<Route extends JsonRoute>(
  options: JsonServiceOptions<Route>,
): Promise<JsonService> {
  const { host, tls } = options;
  const app = fastify({
    serverFactory: (handler) => {
      const limits = { keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true };
      if (tls === undefined) return createServer(limits, handler);
      return createTlsServer({ ...limits, cert: tls.certificate, key: tls.privateKey }, handler);
    },
    bodyLimit: options.maxBodyBytes,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAMETER_LENGTH },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, parseBody(body.toString()));
  });
  app.setErrorHandler(async (error, _request, reply) => await answer(reply, options.failure(known(error, options))));
  app.setNotFoundHandler(async (request, reply) => {
    const text = `${options.purpose} has no ${request.method} ${request.url}`;
    await answer(reply, options.failure(new SimulatorError('SimulatorRequestInvalid', text)));
  });
  for (const route of options.routes) register(app, route, options);
  try {
    await app.listen({ host, port: options.port });
  } catch (cause) {
    await app.close();
    throw listenFailure(options.purpose, { host, port: options.port }, cause);
  }
  if (options.upgrade !== undefined) app.server.on('upgrade', options.upgrade);
  const { port } = app.server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => await app.close() };
}

function register<Route extends JsonRoute>(
  app: FastifyInstance,
  route: Route,
  options: JsonServiceOptions<Route>,
): void {
  app.route({
    method: route.method,
    url: route.path,
    // before the body is read: who may not ask is not listened to
    onRequest: (request, _reply, done) => {
      options.authorize(route, { path: request.url.split('?')[0] ?? '', header: (name) => headerOf(request, name) });
      done();
    },
    handler: async (request, reply) => {
      await answer(reply, await route.handle(jsonRequest(request, reply)));
    },
  });
}

function jsonRequest(request: FastifyRequest, reply: FastifyReply): JsonRequest {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort(new DOMException('the client has gone', 'AbortError')));
  return {
    parameters: request.params as Record<string, string>,
    query: request.query as Record<string, string>,
    header: (name) => headerOf(request, name),
    body: request.body,
    signal: gone.signal,
  };
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const message = `the request body is not JSON: ${messageOf(cause)}`;
    throw new SimulatorError('SimulatorRequestInvalid', message, { cause });
  }
}

/** Errors of the HTTP framework as ours. */
function known(error: unknown, { maxBodyBytes }: { readonly maxBodyBytes: number }): unknown {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new SimulatorError('SimulatorRequestTooLarge', `a request body has at most ${maxBodyBytes} bytes`, {
      details: { maxBodyBytes },
      cause: error,
    });
  }
  if (typeof code === 'string' && code.startsWith('FST_') && statusCode === 400) {
    return new SimulatorError('SimulatorRequestInvalid', messageOf(error), { cause: error });
  }
  return error;
}

async function answer(reply: FastifyReply, answered: JsonReply): Promise<void> {
  const { status, body, etag, headers = {}, stream, afterwards } = answered;
  void reply.code(status).headers(headers);
  if (etag !== undefined) void reply.header('etag', `"${etag}"`);
  if (afterwards !== undefined) reply.raw.once('close', afterwards);
  if (stream !== undefined) {
    await reply.send(stream);
  } else if (body === undefined) {
    await reply.send();
  } else {
    void reply.header('content-type', 'application/json; charset=utf-8');
    await reply.send(JSON.stringify(body));
  }
}
