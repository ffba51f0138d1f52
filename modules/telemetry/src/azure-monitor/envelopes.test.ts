import { ROOT_CONTEXT, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { theirEnvelopes } from '../../../../test/support/azure-monitor/their-envelopes.ts';
import type { TheirEnvelope } from '../../../../test/support/azure-monitor/their-envelopes.ts';
import { parseConnectionString } from './connection-string.ts';
import { ITEM_BYTES, timeSpan } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { logEnvelope } from './log-envelope.ts';
import { spanEnvelopes } from './span-envelopes.ts';

const KEY = '11111111-2222-3333-4444-555555555555';
const resource = resourceFromAttributes({ 'service.name': 'faces', 'service.version': '1', 'host.name': 'device-1' });

function finish(
  name: string,
  kind: SpanKind,
  options: { attributes?: Record<string, string | number>; failed?: Error },
): ReadableSpan {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const { attributes = {}, failed } = options;
  const span = provider.getTracer('t').startSpan(name, { kind, attributes, startTime: [1_000, 0] }, ROOT_CONTEXT);
  if (failed !== undefined) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.recordException(failed, [1_001, 0]);
  }
  span.end([94_784, 6_000_000]);
  const [done] = exporter.getFinishedSpans();
  if (done === undefined) throw new TypeError('no span');
  return done;
}

const COMPARED_TAGS = [
  'ai.operation.id',
  'ai.operation.parentId',
  'ai.operation.name',
  'ai.cloud.role',
  'ai.application.ver',
];

/** An envelope by what Application Insights shows of it. */
function comparable({ name, time, tags, data }: Pick<Envelope, 'name' | 'time' | 'tags' | 'data'>): object {
  const { properties: _properties, measurements: _measurements, ...baseData } = data.baseData;
  const shown = COMPARED_TAGS.filter((tag) => tags[tag] !== undefined).map((tag) => [tag, tags[tag]]);
  return { name, time, tags: Object.fromEntries(shown), baseType: data.baseType, baseData };
}

/**
 * Their envelope in the names of the wire. What they leave empty and ours does not is taken from ours: severities of exceptions, the name of a
 * request that has no method, and the operation's name on its exceptions.
 */
function withTheirNames(theirs: TheirEnvelope, ours: Envelope | undefined): TheirEnvelope {
  const { kind: _kind, version, ...fields } = theirs.data.baseData;
  const told = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));
  const baseData = { ...ours?.data.baseData, ...told, ver: version };
  return { ...theirs, tags: { ...ours?.tags, ...theirs.tags }, data: { ...theirs.data, baseData } };
}

const server = {
  'http.request.method': 'POST',
  'http.route': '/score',
  'url.scheme': 'https',
  'url.path': '/score',
  'server.address': 'faces.example',
};
const blob = {
  'http.request.method': 'GET',
  'url.full': 'https://models.blob.core.windows.net/m/faces.onnx',
  'server.address': 'models.blob.core.windows.net',
};

const cases: readonly (readonly [string, SpanKind, Record<string, string | number>, Error?])[] = [
  ['a request', SpanKind.SERVER, { ...server, 'http.response.status_code': 200 }],
  ['a refused request', SpanKind.SERVER, { ...server, 'http.response.status_code': 400 }],
  [
    'a request that failed',
    SpanKind.SERVER,
    { ...server, 'http.response.status_code': 500 },
    new RangeError('too much'),
  ],
  ['a call over gRPC', SpanKind.SERVER, { 'rpc.system': 'grpc', 'rpc.grpc.status_code': 13 }, new TypeError('broken')],
  ['a call to Blob Storage', SpanKind.CLIENT, { ...blob, 'http.response.status_code': 206 }],
  ['a call that failed', SpanKind.CLIENT, { ...blob, 'http.response.status_code': 503 }, new TypeError('away')],
  ['an accelerator', SpanKind.CLIENT, { 'rpc.system': 'grpc', 'server.address': '10.0.0.7' }],
  ['a message that is sent', SpanKind.PRODUCER, {}],
];

describe('spans for Application Insights', () => {
  it("say what Microsoft's exporter says", () => {
    const spans = cases.map(([name, kind, attributes, failed]) => finish(name, kind, { attributes, ...(failed === undefined ? {} : { failed }) })); // prettier-ignore
    for (const [index, expected] of theirEnvelopes(spans, KEY).entries()) {
      const span = spans[index];
      const made = span === undefined ? [] : spanEnvelopes(span, KEY);
      expect(made.map(comparable)).toEqual(expected.map((envelope, place) => comparable(withTheirNames(envelope, made[place])))); // prettier-ignore
    }
  });

  it('names a message that was received, and leaves stages out', () => {
    const [request] = spanEnvelopes(finish('receive in', SpanKind.CONSUMER, {}), KEY);
    expect(request).toMatchObject({
      name: 'Microsoft.ApplicationInsights.Request',
      iKey: KEY,
      tags: { 'ai.cloud.roleInstance': 'device-1' },
    });
    expect(request?.data.baseData).toMatchObject({ name: 'receive in', success: true });
    expect(spanEnvelopes(finish('queue', SpanKind.INTERNAL, {}), KEY)).toEqual([]);
  });

  it('keep the port of an address, which theirs leave out', () => {
    const [request] = spanEnvelopes(
      finish('r', SpanKind.SERVER, { attributes: { ...server, 'server.port': 8443 } }),
      KEY,
    );
    expect(request?.data.baseData['url']).toBe('https://faces.example:8443/score');
  });

  it('writes durations as .NET does', () => {
    expect(timeSpan([93_784, 5_600_000])).toBe('1.02:03:04.006');
    expect(timeSpan([0, 0])).toBe('00:00:00.000');
  });
});

function logged(attributes: Attributes): Envelope {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  provider.getLogger('t').emit({ body: 'STDOUT', attributes });
  const [record] = exporter.getFinishedLogRecords();
  if (record === undefined) throw new TypeError('no record');
  return logEnvelope(record, KEY);
}

describe('log records for Application Insights', () => {
  it('keep JSON as JSON', () => {
    expect(logged({ Content: { saw: 3, where: ['a'] } }).data).toEqual({
      baseType: 'MessageData',
      baseData: {
        ver: 2,
        message: 'STDOUT',
        severityLevel: 'Information',
        properties: { Content: '{"saw":3,"where":["a"]}' },
      },
    });
  });

  it('are never larger than what is taken, and say what was cut', () => {
    const long = fc.string({
      unit: fc.constantFrom('a', '"', '\u0000', '€', '😀'),
      minLength: 5_000,
      maxLength: 9_000,
    });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), long), (attributes) => {
        const envelope = logged(attributes);
        expect(Buffer.byteLength(JSON.stringify(envelope))).toBeLessThanOrEqual(ITEM_BYTES);
        const properties = envelope.data.baseData['properties'] as Record<string, string>;
        for (const [name, value] of Object.entries(properties)) {
          expect(value === attributes[name] || value.includes('… (cut')).toBe(true);
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe('connection strings', () => {
  it.each([
    [`InstrumentationKey=${KEY}`, 'https://dc.services.visualstudio.com'],
    [
      `instrumentationkey=${KEY};IngestionEndpoint=https://westeurope-1.in.applicationinsights.azure.com/;`,
      'https://westeurope-1.in.applicationinsights.azure.com',
    ],
    [`InstrumentationKey=${KEY};EndpointSuffix=ai.contoso.com;Location=eu`, 'https://eu.dc.ai.contoso.com'],
  ])('%s', (text, ingestionEndpoint) => {
    expect(parseConnectionString(text, 'S')).toEqual({ instrumentationKey: KEY, ingestionEndpoint });
  });

  it.each([
    ['', 'S: InstrumentationKey is missing, or is no GUID'],
    ['InstrumentationKey=secret', 'is no GUID'],
    [`InstrumentationKey=${KEY};IngestionEndpoint=ftp://x`, 'IngestionEndpoint is no address'],
  ])('refuses %j without showing it', (text, message) => {
    expect(() => parseConnectionString(text, 'S')).toThrow(message);
    expect(() => parseConnectionString(text, 'S')).not.toThrow('secret');
  });
});
