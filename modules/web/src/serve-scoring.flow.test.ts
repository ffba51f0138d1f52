import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { createLogger, createMetrics } from '@edgewright/telemetry';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testEngine } from '../../../test/support/engine-fixture.ts';
import type { TestEngineOptions } from '../../../test/support/engine-fixture.ts';
import { affineOnnx, identityOnnx } from '../../../test/support/tiny-models.ts';
import { serveScoring } from './serve-scoring.ts';
import type { ScoringServer, ServeScoringOptions } from './serve-scoring.ts';

interface TestServer extends ScoringServer {
  readonly lines: Record<string, unknown>[];
}

async function start(
  engineOptions: TestEngineOptions = {},
  options: Partial<ServeScoringOptions> = {},
): Promise<TestServer> {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const engine = await testEngine({ onnx: affineOnnx(), execution: 'inline', ...engineOptions });
  const server = await serveScoring({
    engine,
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ level: 'debug', name: 'test', destination }),
    metrics: createMetrics({ prefix: 'edgewright', process: false }),
    ...options,
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return Object.assign(server, { lines });
}

const echo = `export function run(data: unknown) { return { got: data }; }`;

describe('the REST host', () => {
  it('says Healthy at /', async () => {
    const { url } = await start();
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await response.text()).toBe('Healthy');
  });

  it('scores a body whatever its content type says, as long as it is text', async () => {
    const { url } = await start();
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain; charset=utf-8']) {
      const response = await fetch(`${url}/score`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{"data": [[1, 2, 3]]}',
      });
      expect(await response.json()).toEqual({ predictions: [[3, 5, 7]] });
      expect(response.headers.get('x-ms-run-function-failed')).toBe('False');
      expect(Number(response.headers.get('x-ms-run-fn-exec-ms'))).toBeGreaterThan(0);
    }
  });

  it('scores a body without a content type', async () => {
    const { port } = await start();
    const body = await new Promise<string>((resolve, reject) => {
      const call = request({ port, host: '127.0.0.1', path: '/score', method: 'POST' }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      });
      call.on('error', reject).end('{"data": [[0, 0, 0]]}');
    });
    expect(JSON.parse(body)).toEqual({ predictions: [[1, 1, 1]] });
  });

  it('takes the data of a GET from its query', async () => {
    const { url } = await start({ script: echo });
    const response = await fetch(`${url}/score?a=1&a=2&b=text&c=%7B%22d%22%3Atrue%7D`);
    expect(await response.json()).toEqual({ got: { a: [1, 2], b: 'text', c: { d: true } } });
  });

  it('answers OPTIONS with the methods', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/score`, { method: 'OPTIONS' });
    expect(response.status).toBe(200);
    expect(response.headers.get('allow')).toBe('GET, POST, OPTIONS');
  });

  it('passes an entry script any JSON value', async () => {
    const { url } = await start({ script: echo });
    for (const value of [[1], 'text', null, 7, { nested: { deep: [true] } }]) {
      const response = await fetch(`${url}/score`, { method: 'POST', body: JSON.stringify(value) });
      expect(await response.json()).toEqual({ got: value });
    }
  });
});

describe('a service that takes images', () => {
  const images = { preprocess: { scale: 1 } };
  const onnx = identityOnnx('FP32', ['N', 1, 2, 2]);
  // two by two grey pixels: 1, 2, 3, 4
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAFklEQVQImWNgZGRkYmJiYGZmZmFhAQAArQAfhg8TAAAAAABJRU5ErkJggg==',
    'base64',
  );

  it.each(['image/png', 'application/octet-stream'])('scores one that is sent as %s', async (type) => {
    const { url } = await start({ onnx, images });
    const body = new Uint8Array(png);
    const response = await fetch(`${url}/score`, { method: 'POST', headers: { 'content-type': type }, body });
    expect(await response.json()).toEqual({ predictions: [[[[1, 2], [3, 4]]]] }); // prettier-ignore
  });

  it('refuses bytes that are none with 400, and images where none are taken with 415', async () => {
    const post = async (url: string): Promise<number> =>
      (await fetch(`${url}/score`, { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'x' })).status;
    expect(await post((await start({ onnx, images })).url)).toBe(400);
    expect(await post((await start()).url)).toBe(415);
  });
});

describe('what the REST host refuses', () => {
  it.each([
    { name: 'no JSON', body: '{"data": [[1,}', status: 400, code: 'InvalidJson', text: 'line 1, column 14' },
    { name: 'an empty body', body: '', status: 400, code: 'RequestInvalid', text: 'no body' },
    { name: 'a wrong shape', body: '{"data": [[1]]}', status: 400, code: 'InputInvalid', text: 'FP32[-1,3]' },
    { name: 'a wrong element', body: '{"data": [[1,"a",3]]}', status: 400, code: 'InputInvalid', text: '$.data[0][1]' },
    { name: 'no UTF-8', body: Buffer.from([0x22, 0xff, 0x22]), status: 400, code: 'RequestInvalid', text: 'UTF-8' },
  ])('$name', async ({ body, status, code, text }) => {
    const { url } = await start();
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/score`, { method: 'POST', headers, body });
    const answer = (await response.json()) as { message: string; code: string };
    expect({ status: response.status, code: answer.code }).toEqual({ status, code });
    expect(answer.message).toContain(text);
  });

  it('a body over the limit', async () => {
    const { url } = await start({}, { limits: { bodyBytes: 100 } });
    const response = await fetch(`${url}/score`, { method: 'POST', body: `{"data": "${'x'.repeat(100)}"}` });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 'BodyTooLarge' });
  });

  it('a content type that is not text', async () => {
    const { url } = await start();
    const headers = { 'content-type': 'application/pdf' };
    const response = await fetch(`${url}/score`, { method: 'POST', headers, body: 'x' });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ code: 'MediaTypeUnsupported' });
  });

  it('an unknown path, with the known ones', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/nothing`);
    expect(response.status).toBe(404);
    const answer = (await response.json()) as { message: string };
    expect(answer.message).toContain('/score');
  });

  it('a method that a path does not take, with those that it does', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/score`, { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toContain('POST');
    expect(await response.json()).toMatchObject({ code: 'MethodNotAllowed' });
  });

  it('nothing of the inside: stacks and causes stay in the log', async () => {
    const { url, lines } = await start({
      script: 'export function run() { throw new TypeError("the script broke"); }',
    });
    const response = await fetch(`${url}/score`, {
      method: 'POST',
      body: '{}',
      headers: { 'x-request-id': 'find-me' },
    });
    expect(response.status).toBe(500);
    expect(response.headers.get('x-ms-run-function-failed')).toBe('True');
    const answer = (await response.json()) as Record<string, unknown>;
    expect(Object.keys(answer).toSorted()).toEqual(['code', 'message']);
    expect(answer['message']).toMatch(/score\.ts:1:\d+: TypeError: the script broke/);
    const logged = lines.find((line) => line['event'] === 'web.failed');
    expect(logged).toMatchObject({ requestId: 'find-me', code: 'EntryScriptFailed' });
  });

  it('a port that is taken', async () => {
    const first = await start();
    await expect(start({}, { port: first.port })).rejects.toMatchObject({ code: 'PortInUse' });
    expect(await (await fetch(first.url)).text()).toBe('Healthy');
  });
});

describe('request ids', () => {
  const ask = async (headers: Record<string, string>): Promise<Response> => {
    const { url } = await start();
    return fetch(url, { headers });
  };

  it('are made when none is sent, and every answer carries one', async () => {
    const { headers } = await ask({});
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('x-ms-request-id')).toBe(headers.get('x-request-id'));
    expect(headers.has('x-ms-client-request-id')).toBe(false);
  });

  it('are answered as they were sent', async () => {
    const { headers } = await ask({ 'x-request-id': 'a', 'x-ms-request-id': 'b', 'x-ms-client-request-id': 'c', TraceId: 'd' }); // prettier-ignore
    const answered = ['x-request-id', 'x-ms-request-id', 'x-ms-client-request-id', 'traceid'].map((name) => headers.get(name)); // prettier-ignore
    expect(answered).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each(['x-ms-request-id', 'x-ms-client-request-id'])('stand for each other when only %s is sent', async (name) => {
    const { headers } = await ask({ [name]: 'only' });
    expect(headers.get('x-ms-request-id')).toBe('only');
    expect(headers.get('x-ms-client-request-id')).toBe('only');
  });

  it.each(['x-request-id', 'x-ms-request-id', 'x-ms-client-request-id'])('of more than 100 characters are refused: %s', async (name) => {
    const { url } = await start();
    expect((await fetch(url, { headers: { [name]: 'x'.repeat(100) } })).status).toBe(200);
    const response = await fetch(url, { headers: { [name]: 'x'.repeat(101) } });
    expect(response.status).toBe(431);
    expect(await response.json()).toMatchObject({ code: 'HeaderTooLong' });
  }); // prettier-ignore
});

describe('the documents of the REST host', () => {
  it('gives Swagger 2.0 from the signature of the model', async () => {
    const { url } = await start({}, { title: 'my service', version: '2.1' });
    const response = await fetch(`${url}/swagger.json`);
    const document = (await response.json()) as { definitions: Record<string, unknown> } & Record<string, unknown>;
    expect(document).toMatchObject({ swagger: '2.0', info: { title: 'my service', version: '2.1' } });
    expect(document.definitions['ServiceInput']).toEqual({
      type: 'object',
      required: ['data'],
      properties: {
        data: {
          type: 'array',
          minItems: 1,
          items: { type: 'array', minItems: 3, maxItems: 3, items: { type: 'number', format: 'float' } },
          example: [[0, 0, 0]],
        },
      },
      example: { data: [[0, 0, 0]] },
    });
  });

  it('refuses a version that there is not', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/swagger.json?version=9`);
    expect(response.status).toBe(404);
  });

  it('counts requests by outcome, without any infinite value', async () => {
    const { url } = await start();
    await fetch(`${url}/score`, { method: 'POST', body: '{"data": [[1, 2, 3]]}' });
    await fetch(`${url}/score`, { method: 'POST', body: '{"data": 1}' });
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('edgewright_scoring_requests_total{host="web",outcome="ok"} 1');
    expect(text).toContain('edgewright_scoring_requests_total{host="web",outcome="InputInvalid"} 1');
    expect(text).toContain('edgewright_scoring_duration_seconds{quantile="0.99",host="web"}');
    expect(text).not.toContain('Inf');
  });
});

describe('closing the REST host', () => {
  const slow = `export async function run() { await new Promise((resolve) => setTimeout(resolve, 1000)); return 'late'; }`;
  const metrics = async (url: string): Promise<string> => await (await fetch(`${url}/metrics`)).text();
  const running = async (url: string): Promise<void> =>
    await expect.poll(() => metrics(url)).toContain('edgewright_scoring_running 1\n');

  it('lets requests that run come to their end', async () => {
    const { url, ...server } = await start({ script: slow });
    const response = fetch(`${url}/score`, { method: 'POST', body: '{}' });
    await running(url);
    await server[Symbol.asyncDispose]();
    expect(await (await response).json()).toBe('late');
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('answers a request of which the first bytes came before, and not with 503', async () => {
    const { url, port, ...server } = await start({ script: slow });
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    // connected before the other request, and so taken in before it
    await once(socket, 'connect');
    socket.write('POST /score HTTP/1.1\r\nhost: x\r\n');
    const response = fetch(`${url}/score`, { method: 'POST', body: '{}' });
    await running(url);
    const closed = server[Symbol.asyncDispose]();
    socket.write('content-length: 2\r\n\r\n{}');
    expect((await socket.toArray()).join('')).toMatch(/^HTTP\/1\.1 200 .*"late"$/s);
    await Promise.all([closed, response]);
  });

  it('cuts them off when they take longer than they may', async () => {
    const { url, ...server } = await start({ script: slow }, { limits: { drainMs: 20 } });
    const outcome = fetch(`${url}/score`, { method: 'POST', body: '{}' }).catch((error: unknown) => String(error));
    await running(url);
    await server[Symbol.asyncDispose]();
    expect(await outcome).toContain('fetch failed');
  });
});
