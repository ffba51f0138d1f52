import { request } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { webServer } from '../../../test/support/web-fixture.ts';

/** With EDGEWRIGHT_FUZZ_RUNS=10000 as many as the proof asks for. */
const RUNS = Number(process.env['EDGEWRIGHT_FUZZ_RUNS'] ?? 500);

const declared =
  'export const input = { a: { ndarray: [[1, 2]] }, b: { records: [{ x: 1, y: "s" }], optional: true } };\nexport const run = () => 1;';

const paths = fc.oneof(
  fc.constantFrom('/score', '/score?shape=1,3', '/score?model=tiny', '/v2/models/tiny/infer', '/v2/models/tiny/versions/1/infer', '/swagger.json?version=3', '/v2', '/v2/models/stats', '/v2/repository/index', '/v2/repository/models/tiny/load'),
  fc.webPath(),
); // prettier-ignore
const shapes = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant([1, 3]), fc.constant([1e9, 1e9]));
const tensors = fc.record(
  { name: fc.constantFrom('x', 'y'), datatype: fc.constantFrom('FP32', 'BYTES', 'INT64', 'no'), shape: shapes, data: shapes, parameters: fc.record({ binary_data_size: fc.integer() }, { requiredKeys: [] }) },
  { requiredKeys: [] },
); // prettier-ignore
const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
  fc.record({ data: shapes, inputs: fc.oneof(shapes, fc.array(tensors, { maxLength: 2 })), a: shapes, b: shapes }, { requiredKeys: [] }).map((value) => Buffer.from(JSON.stringify(value))),
); // prettier-ignore
const headers = fc.record(
  {
    'content-type': fc.constantFrom('application/json', 'application/octet-stream', 'image/png', 'text/plain', 'x', ''),
    'inference-header-content-length': fc.oneof(fc.nat(80).map(String), fc.constantFrom('-1', 'NaN', '1e3', '')),
    'content-encoding': fc.constantFrom('gzip', 'identity'),
    'x-edgewright-shape': fc.constantFrom('1,3', '1e9,1e9', ',', '99999999999999999999'),
    accept: fc.constantFrom('application/octet-stream', '*/*'),
    'x-request-id': fc.constantFrom('a', 'b'.repeat(101)),
  },
  { requiredKeys: [] },
);
const methods = fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'HEAD');

describe('requests of any kind', () => {
  it.each([
    { what: 'a model that is served as it is', options: {} },
    { what: 'a script that declares its input', options: { script: declared } },
  ])('are answered or refused by $what, and never its own failure', async ({ options }) => {
    const server = await webServer(options);
    const { port } = server;
    const ask = (call: { method: string; path: string; headers: Record<string, string>; body: Buffer }): Promise<number> =>
      new Promise((resolve, reject) => {
        const { body, ...rest } = call;
        const sent = request({ host: '127.0.0.1', port, agent: false, ...rest }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0)).on('error', reject);
        });
        sent.on('error', reject).end(rest.method.startsWith('P') ? body : undefined);
      });
    await fc.assert(
      fc.asyncProperty(methods, paths, headers, bodies, async (method, path, sent, body) => {
        const status = await ask({ method, path: path === '' || !path.startsWith('/') ? `/${path}` : path, headers: sent, body });
        expect(status).toBeGreaterThanOrEqual(200);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: RUNS },
    );
    // nothing is left behind that nobody waits for
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/edgewright_scoring_queue_length 0\n[^]*edgewright_scoring_running 0\n/);
  }, 120_000 + 60 * RUNS); // prettier-ignore
});
