import type { FastifyInstance } from 'fastify';

const METHODS = 'GET, POST, OPTIONS';
const MAX_AGE_S = '600';

/**
 * Lets pages of certain origins call the service from a browser; Azure ML's `AML_CORS_ORIGINS`. Preflights are answered here,
 * before credentials are asked for: browsers send none with them.
 *
 * @param origins such as `https://www.example.com`; `*` for all
 */
export function allowOrigins(server: FastifyInstance, origins: readonly string[]): void {
  server.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    reply.header('vary', 'Origin');
    if (origin === undefined || !(origins.includes(origin) || origins.includes('*'))) return;
    reply.header('access-control-allow-origin', origin);
    reply.header('access-control-expose-headers', 'x-request-id, x-ms-request-id, x-ms-run-function-failed, x-ms-run-fn-exec-ms, inference-header-content-length'); // prettier-ignore
    const wanted = request.headers['access-control-request-method'];
    if (request.method !== 'OPTIONS' || wanted === undefined) return;
    const headers = request.headers['access-control-request-headers'];
    await reply
      .headers({ 'access-control-allow-methods': METHODS, 'access-control-max-age': MAX_AGE_S, allow: METHODS })
      .headers(headers === undefined ? {} : { 'access-control-allow-headers': headers })
      .code(200)
      .send();
  });
}
