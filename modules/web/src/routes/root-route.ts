import type { FastifyInstance, FastifyReply } from 'fastify';
import page from '../../generated/page.json' with { type: 'json' };
import { wantsPage } from '../page/wants-page.ts';

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': page.policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/**
 * `GET /`: Azure ML's `Healthy` for probes and programs, and for browsers a page to try the service with. The page is the same for every service and
 * says nothing of this one: it asks for the description itself, with the credentials of whoever looks at it.
 */
export function addRootRoute(server: FastifyInstance, { hasPage }: { readonly hasPage: boolean }): void {
  server.get('/', (request, reply) => {
    if (!hasPage) return healthy(reply);
    const vary = reply.getHeader('vary');
    reply.header('vary', vary === undefined ? 'Accept' : `${String(vary)}, Accept`);
    return wantsPage(request.headers.accept) ? reply.headers(PAGE_HEADERS).send(page.html) : healthy(reply);
  });
}

function healthy(reply: FastifyReply): FastifyReply {
  return reply.type('text/plain; charset=utf-8').send('Healthy');
}
