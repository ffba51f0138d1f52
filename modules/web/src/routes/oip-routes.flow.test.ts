import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { need } from '../../../../test/support/need.ts';
import { webServer } from '../../../../test/support/web-fixture.ts';
import type { WebServer } from '../../../../test/support/web-fixture.ts';

const run = promisify(execFile);
const tensor = { name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] };
const floats = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(Float32Array.from(values).buffer);

async function post(server: WebServer, path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, { method: 'POST', body, headers });
} // prettier-ignore

describe('the Open Inference Protocol over REST', () => {
  it('serves NVIDIA’s Python client, with tensors in JSON and as bytes', async (context) => {
    const { executable } = await need(context, 'python');
    const { port } = await webServer();
    const client = fileURLToPath(new URL('../../../../test/support/oip-client/client.py', import.meta.url));
    const { stdout } = await run(executable, [client, `127.0.0.1:${port}`], { timeout: 60_000 });
    const answer = { y: [[3, 5, 7], [9, 11, 13]], id: 'an id' }; // prettier-ignore
    expect(JSON.parse(stdout)).toEqual({
      live: true,
      ready: true,
      'model ready': true,
      'version ready': true,
      'other ready': false,
      server: {
        name: 'edgewright',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
        extensions: ['binary_tensor_data', 'statistics', 'model_repository'],
      },
      model: {
        name: 'tiny',
        versions: ['1'],
        platform: 'onnx_onnxv1',
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
      },
      json: answer,
      binary: answer,
      mixed: answer,
      large: 450_000,
      refused: { status: '400', message: expect.stringContaining('is FP32[2,4] but must be FP32[-1,3]') as string },
    });
  }, 400_000);

  it('answers what its paths are for, with a slash behind /v2 or without', async () => {
    const { url } = await webServer();
    const statuses = ['/v2', '/v2/', '/v2/health/live', '/v2/health/ready', '/v2/models/tiny', '/v2/models/tiny/versions/1/ready'].map(
      async (path) => (await fetch(`${url}${path}`)).status,
    ); // prettier-ignore
    expect(await Promise.all(statuses)).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it.each([
    { path: '/v2/models/other', status: 404, text: 'there is no model "other"; there is tiny:1' },
    { path: '/v2/models/tiny/versions/2', status: 404, text: 'there is no model "tiny:2"' },
    { path: '/v2/models/tiny/infer', status: 405, text: 'does not take GET, only POST' },
    { path: '/v2/nothing', status: 404, text: 'there is nothing at /v2/nothing' },
  ])('refuses $path with the error in its own word', async ({ path, status, text }) => {
    const { url } = await webServer();
    const response = await fetch(`${url}${path}`);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: expect.stringContaining(text) as string });
  });

  it.each([
    { body: '{"inputs":[]}', headers: {}, text: 'the input "x" is missing' },
    { body: '{"inputs"', headers: {}, text: 'it is no JSON' },
    { body: '{}', headers: { 'inference-header-content-length': 'two' }, text: 'Inference-Header-Content-Length is "two"' },
    { body: '{}', headers: { 'inference-header-content-length': '5' }, text: 'but the body has 2 bytes' },
    { body: JSON.stringify({ inputs: [{ ...tensor, datatype: 'INT64' }] }), headers: {}, text: 'is INT64[1,3] but must be FP32[-1,3]' },
  ])('refuses a request with the reason: $text', async ({ body, headers, text }) => {
    const response = await post(await webServer(), '/v2/models/tiny/infer', body, headers);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: expect.stringContaining(text) as string });
  }); // prettier-ignore

  it('takes the bytes of the only input without any JSON', async () => {
    const headers = { 'inference-header-content-length': '0' };
    const response = await post(await webServer(), '/v2/models/tiny/infer', floats(1, 2, 3), headers);
    const length = Number(response.headers.get('inference-header-content-length'));
    const body = Buffer.from(await response.arrayBuffer());
    expect(JSON.parse(body.subarray(0, length).toString())).toMatchObject({ outputs: [{ name: 'y', shape: [1, 3] }] });
    expect(new Float32Array(new Uint8Array(body.subarray(length)).buffer)).toEqual(Float32Array.of(3, 5, 7));
  });
});

describe('a model that is served as it is', () => {
  it('takes tensors of the Open Inference Protocol at /score', async () => {
    const response = await post(await webServer(), '/score', JSON.stringify({ id: 'a', inputs: [tensor] }));
    expect(await response.json()).toEqual({
      model_name: 'tiny',
      model_version: '1',
      id: 'a',
      outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 3], data: [3, 5, 7] }],
    });
    expect(response.headers.get('x-ms-run-function-failed')).toBe('False');
  });

  it('takes the bytes of its input, with the shape in the query, in a header or from the model', async () => {
    const server = await webServer();
    const type = { 'content-type': 'application/octet-stream' };
    const ways = [
      { path: '/score?shape=1,3', headers: type },
      { path: '/score', headers: { ...type, 'x-edgewright-shape': '1,3' } },
      { path: '/score', headers: type },
    ];
    for (const { path, headers } of ways) {
      const response = await post(server, path, floats(1, 2, 3), headers);
      expect(await response.json()).toEqual({ predictions: [[3, 5, 7]] });
    }
  });

  it('answers bytes when they are accepted', async () => {
    const headers = { 'content-type': 'application/octet-stream', accept: 'application/octet-stream' };
    const response = await post(await webServer(), '/score', floats(1, 2, 3), headers);
    expect(new Float32Array(await response.arrayBuffer())).toEqual(Float32Array.of(3, 5, 7));
    const about = ['output', 'datatype', 'shape'].map((name) => response.headers.get(`x-edgewright-${name}`));
    expect(about).toEqual(['y', 'FP32', '1,3']);
  });

  it('refuses a body that is compressed, and bytes of another size', async () => {
    const server = await webServer();
    expect((await post(server, '/score', '{}', { 'content-encoding': 'gzip' })).status).toBe(415);
    const response = await post(server, '/score', floats(1, 2), { 'content-type': 'application/octet-stream' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      message: expect.stringContaining('no whole number of 12') as string,
    });
  });
});

describe('a stream', () => {
  it('that breaks cuts the connection, and the log says why', async () => {
    const script = 'async function* parts() { yield "a"; await new Promise((r) => setTimeout(r, 20)); throw new RangeError("no more"); }\nexport const run = () => parts();';
    const server = await webServer({ script });
    const response = await fetch(`${server.url}/score`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
    await expect.poll(() => server.lines.find((line) => line['event'] === 'web.broken')).toMatchObject({
      code: 'EntryScriptFailed',
      msg: expect.stringContaining('no more') as string,
    });
  }); // prettier-ignore

  it('ends when its reader leaves: the worker is free for the next', async () => {
    const script = 'async function* ticks() { for (;;) { yield "tick"; await new Promise((r) => setTimeout(r, 2)); } }\nexport const run = (data) => data.stream ? ticks() : "free";';
    const { url } = await webServer({ script, execution: 'process' });
    const leave = new AbortController();
    const response = await fetch(`${url}/score?stream=1`, { signal: leave.signal });
    await response.body?.getReader().read();
    leave.abort();
    expect(await (await fetch(`${url}/score`)).json()).toBe('free');
  }); // prettier-ignore
});
