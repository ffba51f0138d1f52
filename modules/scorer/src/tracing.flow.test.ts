import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { need } from '../../../test/support/need.ts';
import { startIngestion } from '../../../test/support/azure-monitor/start-ingestion.ts';
import { startOtlpReceiver } from '../../../test/support/otlp/start-otlp-receiver.ts';
import { createAppRoot, ScorerProcess } from '../../../test/support/scorer-process.ts';
import { TestHub } from '../../../test/support/test-hub.ts';
import { affineOnnx } from '../../../test/support/tiny-models.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';
const OTHER_TRACE_ID = TRACE_ID.split('').toReversed().join('');
const otherTrace = `00-${OTHER_TRACE_ID}-${PARENT_ID}-01`;
const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`;

async function startScorer(environment: Readonly<Record<string, string>>) {
  const root = await createAppRoot(affineOnnx());
  onTestFinished(() => root[Symbol.asyncDispose]());
  const hub = await TestHub.start();
  onTestFinished(() => hub[Symbol.asyncDispose]());
  const ca = path.join(root.directory, 'ca.pem');
  await writeFile(ca, hub.ca);
  const scorer = new ScorerProcess({
    AML_APP_ROOT: root.directory,
    EdgeHubConnectionString: hub.connectionString,
    EdgeModuleCACertificateFile: ca,
    ...environment,
  });
  onTestFinished(() => scorer[Symbol.asyncDispose]());
  return { hub, scorer };
}

it('makes spans of messages and requests, within the trace of their sender, and hands the trace on', async (context) => {
  const { executable } = await need(context, 'python-otlp');
  const { endpoint, spans, logs, points } = await startOtlpReceiver(executable);
  const ingestion = await startIngestion();
  const { hub, scorer } = await startScorer({
    APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=11111111-2222-3333-4444-555555555555;IngestionEndpoint=${ingestion.endpoint}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_SERVICE_NAME: 'faces',
    SERVICE_NAME: 'faces-service',
  });
  await hub.deliver('in', '{"data":[[1,2,3]]}', { '$.mid': 'm1', traceparent, tracestate: 'a=1' });
  await hub.deliver('in', 'not JSON', { '$.mid': 'm2' });
  const url = await scorer.url();
  const post = (body: string) => fetch(`${url}/score`, { method: 'POST', body, headers: { traceparent: otherTrace } });
  expect((await post('{"data":[[1,2,3]]}')).status).toBe(200);
  expect((await post('not JSON')).status).toBe(400);
  await fetch(`${url}/metrics`);
  scorer.signal('SIGTERM');
  expect(await scorer.ended).toBe(0);
  await expect.poll(() => spans.filter(({ parentSpanId }) => parentSpanId === '').length).toBe(1);
  await expect.poll(() => spans.filter(({ name }) => name === 'POST /score').length).toBe(2);
  for (const span of spans.filter(({ kind }) => kind === 'SPAN_KIND_SERVER')) {
    expect(span).toMatchObject({ name: 'POST /score', traceId: OTHER_TRACE_ID, parentSpanId: PARENT_ID });
    expect(span).toMatchObject({ status: 'STATUS_CODE_UNSET', attributes: { 'http.route': '/score' } });
  }

  const [first, second] = [
    spans.filter(({ traceId }) => traceId === TRACE_ID),
    spans.filter(({ traceId }) => traceId !== TRACE_ID),
  ];
  const received = first.find(({ name }) => name === 'receive in');
  expect(received).toMatchObject({ parentSpanId: PARENT_ID, kind: 'SPAN_KIND_CONSUMER', status: 'STATUS_CODE_UNSET' });
  expect(received?.attributes).toMatchObject({ 'messaging.message.id': 'm1', 'edgewright.model': 'model:1' });
  expect(received?.resource).toMatchObject({ 'service.name': 'faces', 'host.name': 'dev' });
  const stages = first.filter(({ parentSpanId }) => parentSpanId === received?.spanId);
  expect(stages.map(({ name }) => name).sort()).toEqual(['decode', 'encode', 'queue', 'run', 'send']);
  expect(stages.every(({ startNs, endNs }) => BigInt(endNs) >= BigInt(startNs))).toBe(true);

  const send = stages.find(({ name }) => name === 'send');
  expect(hub.outputs[0]?.properties).toMatchObject({
    traceparent: `00-${TRACE_ID}-${send?.spanId}-01`,
    tracestate: 'a=1',
  });
  const rejected = second.find(({ name }) => name === 'receive in');
  expect(rejected).toMatchObject({ parentSpanId: '', status: 'STATUS_CODE_ERROR' });
  expect(rejected?.attributes).toMatchObject({ 'error.type': 'MessageRejected' });
  expect(rejected?.events).toMatchObject([{ name: 'exception', attributes: { 'exception.type': 'MessageRejected' } }]);

  const answered = spans.find(({ attributes }) => attributes['resultCode'] === '200');
  expect(answered?.attributes).toMatchObject({ success: true, name: '/score', url: `${url}/score` });
  const data = { Models: 'model:1', Input: '{"data":[[1,2,3]]}', Prediction: '{"predictions":[[3,5,7]]}', 'Service Name': 'faces-service' }; // prettier-ignore
  await expect.poll(() => logs).toHaveLength(2);
  expect(logs).toMatchObject([
    { body: 'model_data_collection', traceId: TRACE_ID, spanId: received?.spanId, attributes: data },
    { body: 'model_data_collection', traceId: OTHER_TRACE_ID, spanId: answered?.spanId, attributes: data },
  ]);
  const scored = points.filter(({ name }) => name === 'edgewright_scoring_requests_total');
  expect(scored).toContainEqual({ signal: 'metric', name: 'edgewright_scoring_requests_total', kind: 'sum', value: 1, attributes: expect.objectContaining({ host: 'web', outcome: 'ok', edge_device: 'dev' }) }); // prettier-ignore

  const envelopes = ingestion.batches.flat();
  const rows = (type: string) =>
    envelopes.filter(({ data }) => data.baseType === type).map(({ data }) => data.baseData);
  expect(rows('RequestData')).toContainEqual(
    expect.objectContaining({ name: 'POST /score', url: `${url}/score`, responseCode: '200', success: true }),
  );
  expect(rows('RequestData')).toContainEqual(expect.objectContaining({ responseCode: '400', success: false }));
  expect(rows('RequestData')).toContainEqual(expect.objectContaining({ name: 'receive in', success: true }));
  expect(rows('RemoteDependencyData')).toContainEqual(expect.objectContaining({ name: 'send', type: 'Queue Message' }));
  expect(rows('ExceptionData')).toMatchObject([{ exceptions: [{ typeName: 'MessageRejected' }] }]);
  expect(rows('MessageData').map(({ message }) => message)).toEqual(['model_data_collection', 'model_data_collection']);
  expect(rows('MetricData').length).toBeGreaterThan(10);
  expect(envelopes.every(({ tags }) => tags['ai.cloud.role'] === 'faces')).toBe(true);
});

it('scores and ends as ever when nobody takes the spans', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  const { hub, scorer } = await startScorer({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
  hub.window = 16;
  await Promise.all(Array.from({ length: 600 }, () => hub.deliver('in', '{"data":[[1,2,3]]}')));
  expect(hub.outputs).toHaveLength(600);
  scorer.signal('SIGTERM');
  expect(await scorer.ended).toBe(0);
});

it('leaves the trace of a message as it is when there is no endpoint', async () => {
  const { hub } = await startScorer({});
  await hub.deliver('in', '{"data":[[1,2,3]]}', { traceparent });
  expect(hub.outputs[0]?.properties).toMatchObject({ traceparent });
});
