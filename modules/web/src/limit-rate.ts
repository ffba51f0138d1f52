import type { FastifyInstance } from 'fastify';
import type { RequestRate } from './request-rate.ts';

/** Refuses what one address sends beyond its number; probes of `/` are never refused. */
export function limitRate(server: FastifyInstance, rate: RequestRate): void {
  server.addHook('onRequest', (request, _reply, done) => {
    try {
      if (request.url !== '/') rate.count(request.ip);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}
