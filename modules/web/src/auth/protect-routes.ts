import type { FastifyInstance } from 'fastify';
import type { Authenticator } from './authenticator.ts';

/** What probes ask before they have any credentials; they say nothing but whether the service is there. */
const OPEN = new Set(['/', '/v2/health/live', '/v2/health/ready']);

/**
 * Asks for credentials before anything else is done: before a body is read, before the path is looked at, and so on paths
 * that do not exist too. Open are only the health paths, written exactly so, for `GET` and `HEAD`.
 */
export function protectRoutes(server: FastifyInstance, authenticator: Authenticator): void {
  server.addHook('onRequest', async (request) => {
    const { method, url } = request.raw;
    if ((method === 'GET' || method === 'HEAD') && OPEN.has(url?.split('?', 1)[0] ?? '')) return;
    await authenticator.authenticate(request.headers.authorization);
  });
}
