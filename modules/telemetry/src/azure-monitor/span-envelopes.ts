import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { cutText } from '../cut-text.ts';
import { envelopeOf, limits, propertiesOf, textOf, timeSpan } from './envelope.ts';
import type { Envelope } from './envelope.ts';

/** What has a place of its own in a row, and need not stand among its properties. */
const mapped = new Set([
  'http.request.method',
  'http.response.status_code',
  'http.route',
  'url.full',
  'url.path',
  'url.scheme',
  'server.address',
  'server.port',
  'rpc.grpc.status_code',
  // Azure ML's names of what the row has in columns
  'resultCode',
  'success',
  'name',
  'url',
  'duration',
]);

/**
 * A request or a call as Application Insights' tables `requests` and `dependencies` have it, and its exceptions. Stages inside this program are left out:
 * each would be billed as a dependency.
 */
export function spanEnvelopes(span: ReadableSpan, instrumentationKey: string): Envelope[] {
  if (span.kind === SpanKind.INTERNAL) return [];
  const sender = { instrumentationKey, resource: span.resource };
  const isRequest = span.kind === SpanKind.SERVER || span.kind === SpanKind.CONSUMER;
  const texts = textsOf(span.attributes);
  const name = nameOf(span, texts);
  const { traceId, spanId } = span.spanContext();
  const parentId = span.parentSpanContext?.spanId;
  const operation = { 'ai.operation.id': traceId, ...(isRequest ? { 'ai.operation.name': name } : {}) };
  const shared = {
    id: spanId,
    name,
    duration: timeSpan(span.duration),
    success: successOf(span, isRequest),
    properties: propertiesOf(span.attributes, mapped),
  };
  const row = envelopeOf(isRequest ? 'Request' : 'RemoteDependency', sender, {
    time: span.startTime,
    tags: { ...operation, ...(parentId === undefined ? {} : { 'ai.operation.parentId': parentId }) },
    baseData: { ...shared, ...(isRequest ? requestData(texts) : dependencyData(span.kind, texts)) },
  });
  const exceptions = span.events
    .filter((event) => event.name === 'exception')
    .map((event) =>
      envelopeOf('Exception', sender, {
        time: event.time,
        tags: { ...operation, 'ai.operation.parentId': spanId },
        baseData: exceptionData(textsOf(event.attributes ?? {})),
      }),
    );
  return [row, ...exceptions];
}

type Texts = Readonly<Record<string, string | undefined>>;

function textsOf(attributes: ReadableSpan['attributes']): Texts {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, textOf(value)]));
}

function nameOf({ name, kind }: ReadableSpan, texts: Texts): string {
  const method = texts['http.request.method'];
  const route = texts['http.route'] ?? (kind === SpanKind.CLIENT ? pathOf(texts['url.full']) : undefined);
  return cutText(method === undefined || route === undefined ? name : `${method} ${route}`, limits.name);
}

function pathOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).pathname : undefined;
}

/** Of a request that does not say, the status tells. */
function successOf({ status, attributes }: ReadableSpan, isRequest: boolean): boolean {
  if (status.code !== SpanStatusCode.UNSET || !isRequest) return status.code !== SpanStatusCode.ERROR;
  if (typeof attributes['success'] === 'boolean') return attributes['success'];
  return (Number(attributes['http.response.status_code']) || 0) < 400;
}

function requestData(texts: Texts): Record<string, unknown> {
  const url = urlOf(texts);
  return { responseCode: resultCodeOf(texts), ...(url === undefined ? {} : { url: cutText(url, limits.url) }) };
}

function urlOf(texts: Texts): string | undefined {
  const { 'url.full': full, 'url.scheme': scheme, 'server.address': host, 'url.path': path } = texts;
  if (full !== undefined) return full;
  const port = texts['server.port'];
  if (scheme === undefined || host === undefined || path === undefined) return undefined;
  return `${scheme}://${host}${port === undefined ? '' : `:${port}`}${path}`;
}

function dependencyData(kind: SpanKind, texts: Texts): Record<string, unknown> {
  const { 'url.full': url, 'rpc.system': rpc, 'server.address': host, 'server.port': port } = texts;
  const target = host === undefined ? rpc : `${host}${port === undefined ? '' : `:${port}`}`;
  return {
    type: typeOf(kind, texts),
    resultCode: resultCodeOf(texts),
    ...(url === undefined ? {} : { data: cutText(url, limits.data) }),
    ...(target === undefined ? {} : { target: cutText(target, limits.name) }),
  };
}

function resultCodeOf(texts: Texts): string {
  return texts['http.response.status_code'] ?? texts['rpc.grpc.status_code'] ?? '0';
}

function typeOf(kind: SpanKind, texts: Texts): string {
  if (texts['http.request.method'] !== undefined) return 'Http';
  if (texts['rpc.system'] !== undefined) return 'GRPC';
  return kind === SpanKind.PRODUCER ? 'Queue Message' : 'Dependency';
}

function exceptionData(texts: Texts): Record<string, unknown> {
  const { 'exception.type': type = 'Error', 'exception.message': message, 'exception.stacktrace': stack = '' } = texts;
  return {
    exceptions: [
      {
        typeName: cutText(type, limits.name),
        message: cutText(message || 'no message', limits.message),
        hasFullStack: stack !== '',
        stack: cutText(stack, limits.message),
      },
    ],
    severityLevel: 'Error',
  };
}
