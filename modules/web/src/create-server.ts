import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:http';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { TlsServer } from './tls/certificate-files.ts';

// the longest that a client may take to send a request: 100 MB over a slow line
const RECEIVE_MS = 300_000;
const HEADERS_MS = 30_000;
const KEEP_ALIVE_MS = 72_000;
const MAX_HEADERS = 100;

/** A server without routes, which hands every body on as bytes: what they are is decided by the route. */
export function createServer({
  bodyBytes,
  tls,
}: {
  readonly bodyBytes: number;
  readonly tls: TlsServer | undefined;
}): FastifyInstance {
  const server = fastify({
    bodyLimit: bodyBytes,
    forceCloseConnections: 'idle',
    // whoever came in while the server still listened gets an answer; nobody else comes in
    return503OnClosing: false,
    genReqId: () => '',
    // fastify and Node.js offer the same of both kinds of server
    serverFactory: (handler) => boundTime((tls?.create(handler) as Server | undefined) ?? createHttpServer(handler)),
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  return server;
}

/** Clients that send slowly, or headers without end, hold a connection for a time only. */
function boundTime(server: Server): Server {
  server.requestTimeout = RECEIVE_MS;
  server.headersTimeout = HEADERS_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxHeadersCount = MAX_HEADERS;
  return server;
}
