import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { WebError } from './web-error.ts';

/** Addresses that are remembered; more push out those that were heard of longest ago. */
const MAX_ADDRESSES = 10_000;

/** Refuses what one address sends beyond a number of requests in a second; probes of `/` are never refused. */
export async function limitRate(server: FastifyInstance, requestsPerSecond: number): Promise<void> {
  await server.register(rateLimit, {
    max: requestsPerSecond,
    timeWindow: 1000,
    cache: MAX_ADDRESSES,
    allowList: (request) => request.url === '/',
    addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    errorResponseBuilder: (_request, { max }) =>
      new WebError('TooManyRequests', `more than ${max} requests in a second came from this address`, {
        details: { requestsPerSecond: max },
      }),
  });
}
