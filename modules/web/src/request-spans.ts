import type { TraceSpan, Tracing } from '@edgewright/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What comes by the second and says nothing. */
const PROBES = new Set(['/', '/metrics']);

/** The span of a request, where there is one. */
export type SpanOf = (request: FastifyRequest) => TraceSpan | undefined;

/**
 * Makes a span of each request, within the trace that its `traceparent` names, with the attributes of OpenTelemetry's conventions for HTTP
 * servers and those of Azure ML's server. An answer of 500 and above is a failure.
 */
export function traceRequests(server: FastifyInstance, tracing: Tracing): SpanOf {
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
    const { statusCode } = reply;
    const span = spans.get(request);
    span?.set({
      'http.response.status_code': statusCode,
      resultCode: String(statusCode),
      success: statusCode < 400,
      name: request.url.split('?', 1)[0],
      url: urlOf(request),
      duration: Math.round(reply.elapsedTime * 1000) / 1000,
    });
    span?.end(statusCode >= 500 ? (errors.get(request) ?? new TypeError(`status ${statusCode}`)) : undefined);
    done();
  });
  return (request) => spans.get(request);
}

/** Without the query, where callers put what nobody else should read. */
function urlOf(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}${request.url.split('?', 1)[0]}`;
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
      'server.address': request.hostname,
      'server.port': request.port ?? undefined,
      'http.request.header.x-request-id': request.id,
    },
  });
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
