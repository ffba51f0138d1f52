import type { TraceSpan, Tracing } from '@edgewright/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What comes by the second and says nothing. */
const PROBES = new Set(['/', '/metrics']);

/**
 * Makes a span of each request, within the trace that its `traceparent` names, with the attributes of OpenTelemetry's conventions for HTTP
 * servers. An answer of 500 and above is a failure.
 */
export function traceRequests(server: FastifyInstance, tracing: Tracing): void {
  const spans = new WeakMap<FastifyRequest, TraceSpan>();
  const errors = new WeakMap<FastifyRequest, Error>();
  server.addHook('onRequest', (request, _reply, done) => {
    const { url: route } = request.routeOptions;
    if (route === undefined || !PROBES.has(route)) spans.set(request, beginRequest(tracing, request, route));
    done();
  });
  server.addHook('onError', (request, _reply, error, done) => {
    errors.set(request, error);
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request);
    span?.set({ 'http.response.status_code': reply.statusCode });
    span?.end(
      reply.statusCode >= 500 ? (errors.get(request) ?? new TypeError(`status ${reply.statusCode}`)) : undefined,
    );
    done();
  });
}

function beginRequest(tracing: Tracing, request: FastifyRequest, route: string | undefined): TraceSpan {
  const { traceparent, tracestate } = request.headers;
  return tracing.begin(route === undefined ? request.method : `${request.method} ${route}`, {
    kind: 'server',
    parent: { traceparent: textOf(traceparent), tracestate: textOf(tracestate) },
    attributes: {
      'http.request.method': request.method,
      'http.route': route,
      'url.path': request.url.split('?', 1)[0],
      'url.scheme': request.protocol,
      'http.request.header.x-request-id': request.id,
    },
  });
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
