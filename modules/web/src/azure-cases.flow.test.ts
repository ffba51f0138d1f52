import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { webServer } from '../../../test/support/web-fixture.ts';
import type { ServeScoringOptions } from './serve-scoring.ts';

// What callers of Azure ML's inference server (azureml-inference-server-http 1.5.1) can see, case by case, by the names of
// its own tests. Where this host answers otherwise on purpose, the row says so. What these tests ask of the log, the command
// line or Python has no row here.

interface Case {
  /** The name of the test there. */
  readonly name: string;
  /** Source of the entry script. */
  readonly script?: string;
  readonly options?: Partial<ServeScoringOptions>;
  readonly timeoutMs?: number;
  readonly method?: string;
  readonly path?: string;
  readonly send?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly status: number;
  /** Answered headers; null for one that must be absent, a pattern for one that must match. */
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  /** The answer's JSON, or a part of it. */
  readonly json?: unknown;
  readonly text?: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const echo = 'export const run = (data) => data;';
const fails = 'export const run = (data) => { if (data.error) throw new RangeError("wanted"); return null; };';
const raw =
  'export const raw = true; export const run = (call) => ({ method: call.method, url: call.url, body: call.text() });';
const colour =
  'export const input = { name: { standard: "x" }, colour: { standard: "red", optional: true } };\nexport const run = ({ name, colour = "red" }) => ({ name, colour });';
const respond = (call: string): string => `export const run = (data, request) => request.respond(${call});`;
const long = 'A'.repeat(101);
const most = 'A'.repeat(100);
const json = { 'content-type': 'application/json' };
const post = { method: 'POST', send: json };
const cors = { options: { corsOrigins: ['www.microsoft.com'] }, method: 'OPTIONS' };

const routes: readonly Case[] = [
  { name: 'health', path: '/', status: 200, text: 'Healthy' },
  { name: 'request id generated', script: fails, ...post, body: '{}', status: 200, headers: { 'x-request-id': UUID, 'x-ms-request-id': UUID } },
  { name: 'request id generated, run fails', script: fails, ...post, body: '{"error":true}', status: 500, headers: { 'x-request-id': UUID } },
  { name: 'request id echoed', script: fails, ...post, send: { 'x-request-id': 'a' }, body: '{}', status: 200, headers: { 'x-request-id': 'a', 'x-ms-request-id': 'a' } },
  { name: 'request id echoed, run fails', script: fails, ...post, send: { 'x-request-id': 'a' }, body: '{"error":true}', status: 500, headers: { 'x-request-id': 'a', 'x-ms-request-id': 'a' } },
  { name: 'request id within the limit', script: echo, send: { 'x-request-id': most }, status: 200 },
  { name: 'request id over the limit', script: echo, send: { 'x-request-id': long }, status: 431, headers: { 'x-request-id': null, 'x-ms-request-id': null, 'x-ms-client-request-id': null }, json: { code: 'HeaderTooLong' } },
  { name: 'x-ms-request-id, which is old', script: echo, send: { 'x-ms-request-id': '1234' }, status: 200, headers: { 'x-ms-request-id': '1234' } },
  { name: 'client request id: none', script: echo, status: 200, headers: { 'x-ms-client-request-id': null } },
  { name: 'client request id: the old one only', script: echo, send: { 'x-ms-request-id': 'A' }, status: 200, headers: { 'x-ms-request-id': 'A', 'x-ms-client-request-id': 'A' } },
  { name: 'client request id: the new one only', script: echo, send: { 'x-ms-client-request-id': 'A' }, status: 200, headers: { 'x-ms-request-id': 'A', 'x-ms-client-request-id': 'A' } },
  { name: 'client request id: both', script: echo, send: { 'x-ms-request-id': 'A', 'x-ms-client-request-id': 'B' }, status: 200, headers: { 'x-ms-request-id': 'A', 'x-ms-client-request-id': 'B' } },
  ...['x-ms-request-id', 'x-ms-client-request-id'].flatMap((header): Case[] => [
    { name: `${header} within the limit`, script: echo, send: { [header]: most }, status: 200 },
    { name: `${header} over the limit`, script: echo, send: { [header]: long }, status: 431, headers: { 'x-request-id': UUID, 'x-ms-request-id': null, 'x-ms-client-request-id': null } },
    { name: `${header} over the limit, with a request id`, script: echo, send: { 'x-request-id': 'A', [header]: long }, status: 431, headers: { 'x-request-id': 'A', 'x-ms-request-id': null } },
  ]),
  { name: 'trace id', script: echo, send: { TraceId: 'test-id' }, status: 200, headers: { TraceId: 'test-id' } },
  { name: 'request id not overwritten', script: respond(`'', { headers: { 'x-request-id': 'mine' } }`), send: { 'x-request-id': 'theirs' }, status: 200, headers: { 'x-request-id': 'theirs' } },
  { name: 'response is JSON', script: 'export const run = () => ({ a: 1 });', status: 200, headers: { 'content-type': /^application\/json/ }, json: { a: 1 } },
  { name: 'AMLResponse empty', script: respond('null, { status: 333 }'), status: 333, headers: { 'content-type': 'application/json', 'x-ms-run-function-failed': 'False' }, json: {} },
  { name: 'AMLResponse string', script: respond(`'test', { status: 444 }`), status: 444, headers: { 'content-type': /^text\/plain/, 'x-ms-run-function-failed': 'False' }, text: 'test' },
  { name: 'AMLResponse JSON', script: respond(`['test'], { status: 555 }`), status: 555, headers: { 'content-type': 'application/json', 'x-ms-run-function-failed': 'True' }, text: '["test"]' },
  { name: 'AMLResponse headers', script: respond(`null, { status: 555, failed: true, headers: { a: 'A', b: ['A', 'B', 'C'], 'content-type': 'A', 'x-ms-run-function-failed': 'Z' } }`), status: 555, headers: { a: 'A', b: 'A, B, C', 'content-type': 'application/json', 'x-ms-run-function-failed': 'True' } },
  { name: 'AMLResponse failed', script: respond('null, { status: 555 }'), status: 555, headers: { 'x-ms-run-function-failed': 'True' } },
  { name: 'CORS: origin allowed', ...cors, send: { origin: 'www.microsoft.com' }, status: 200, headers: { 'access-control-allow-origin': 'www.microsoft.com' } },
  { name: 'CORS: origin not allowed', ...cors, send: { origin: 'www.azure.com' }, status: 200, headers: { 'access-control-allow-origin': null } },
  { name: 'CORS: preflight', ...cors, send: { origin: 'www.microsoft.com', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }, status: 200, headers: { 'access-control-allow-methods': /POST/, 'access-control-allow-headers': 'authorization' } },
  { name: '404', path: '/does_not_exist', status: 404, json: { message: expect.stringContaining('/does_not_exist') } },
  { name: '405', method: 'DELETE', path: '/', status: 405, headers: { allow: 'GET, HEAD' }, json: { message: expect.stringContaining('DELETE') } },
  { name: 'server version', path: '/', status: 200, headers: { 'x-ms-server-version': /^edgewright\/\d+\.\d+\.\d+/ } },
  { name: 'server version off', options: { sendServerVersion: false }, path: '/', status: 200, headers: { 'x-ms-server-version': null } },
]; // prettier-ignore

const scripts: readonly Case[] = [
  // there run() gets text, here the value that the text means
  { name: 'JSON by GET', script: echo, path: `/score?a=1&b=x&c=1.2&d=1&d=2&d=3&e=null&f=${encodeURIComponent('{"X":"Y"}')}`, status: 200, json: { a: 1, b: 'x', c: 1.2, d: [1, 2, 3], e: null, f: { X: 'Y' } } },
  { name: 'JSON by POST', script: echo, ...post, body: '{"a":1,"e":null,"f":{"X":"Y"}}', status: 200, json: { a: 1, e: null, f: { X: 'Y' } } },
  { name: 'not UTF-8', script: echo, ...post, body: Buffer.from([0xff]), status: 400, json: { message: expect.stringContaining('UTF-8') } },
  { name: 'OPTIONS', script: echo, method: 'OPTIONS', status: 200, text: '' },
  { name: 'default parameter', script: 'export const run = ({ colour = "red" }) => colour;', status: 200, json: 'red' },
  { name: 'request headers', script: 'export const run = (data, { headers }) => ({ ...data, mark: headers.get("Test-Header") });', ...post, send: { ...json, 'test-header': 'value' }, body: '{"a":1}', status: 200, json: { a: 1, mark: 'value' } },
  { name: 'rawhttp GET', script: raw, path: '/score?a=1&b=x', status: 200, json: { method: 'GET', url: '/score?a=1&b=x', body: '' } },
  { name: 'rawhttp POST', script: raw, ...post, body: '[1, 2, 3]', status: 200, json: { method: 'POST', url: '/score', body: '[1, 2, 3]' } },
  { name: 'rawhttp OPTIONS', script: raw, method: 'OPTIONS', status: 200, json: { method: 'OPTIONS' } },
  { name: 'rawhttp, any content type', script: raw, method: 'POST', send: { 'content-type': 'video/x' }, body: 'x', status: 200, json: { body: 'x' } },
  ...['', 'application/json', 'text/plain', 'application/octet-stream'].map((type): Case => (
    { name: `content type "${type}" without a declaration`, script: echo, method: 'POST', send: type === '' ? {} : { 'content-type': type }, body: '{"data":"some plain text"}', status: 200, json: { data: 'some plain text' } }
  )),
  { name: 'exception', script: fails, ...post, body: '{"error":true}', status: 500, headers: { 'x-ms-run-function-failed': 'True' }, json: { code: 'EntryScriptFailed', message: expect.stringContaining('RangeError: wanted') } },
  { name: 'HTTP exception', script: respond(`'no', { status: 499 }`), status: 499, text: 'no' },
  { name: 'timer', script: 'export const run = () => new Promise((resolve) => setTimeout(resolve, 50));', status: 200, headers: { 'x-ms-run-fn-exec-ms': /^\d{2,}\.\d{3}$/ } },
  // there 500; here 504, which is what Azure's router made of it
  { name: 'timeout', script: 'export const run = () => new Promise(() => {});', options: { limits: { timeoutMs: 100 } }, status: 504, headers: { 'x-ms-run-function-failed': 'True' }, json: { code: 'ScoringTimeout', message: expect.stringContaining('100 ms') } },
  { name: 'schema by GET', script: colour, path: '/score?name=Sarah', status: 200, json: { name: 'Sarah', colour: 'red' } },
  { name: 'schema by POST', script: colour, ...post, body: '{"name":"Sarah","colour":"blue"}', status: 200, json: { name: 'Sarah', colour: 'blue' } },
  { name: 'schema, OPTIONS', script: colour, method: 'OPTIONS', status: 200, text: '' },
  { name: 'schema, extra parameter ignored', script: colour, ...post, body: '{"name":"Sarah","more":1}', status: 200, json: { name: 'Sarah', colour: 'red' } },
  { name: 'schema, parameter missing', script: colour, ...post, body: '{"colour":"blue"}', status: 400, json: { code: 'InputInvalid', message: expect.stringContaining('"name" is missing') } },
  { name: 'schema, parameter of another type', script: colour, ...post, body: '{"name":7}', status: 400, json: { message: expect.stringContaining('$.name: expected a string, found 7') } },
  { name: 'schema, not an object', script: colour, ...post, body: '[1]', status: 400, json: { code: 'InputInvalid' } },
  { name: 'schema, empty', script: colour, ...post, body: '', status: 400, json: { code: 'RequestInvalid' } },
  { name: 'schema, no content type', script: colour, method: 'POST', body: Buffer.from('{}'), status: 415, json: { code: 'MediaTypeUnsupported' } },
  { name: 'schema, another content type', script: colour, method: 'POST', send: { 'content-type': 'text/plain' }, body: '{}', status: 415 },
  { name: 'schema, bad JSON', script: colour, ...post, body: '{"name":', status: 400, json: { code: 'InvalidJson' } },
  { name: 'stacked schemas', script: 'export const input = { a: { ndarray: [1] }, b: { records: [{ x: 1 }] } }; export const run = ({ a, b }) => [a.shape, b];', ...post, body: '{"a":[1,2],"b":[{"x":5}]}', status: 200, json: [[2], [{ x: 5 }]] },
  { name: 'binary answer', script: respond(`Uint8Array.of(104, 105), { headers: { 'content-type': 'image/x' } }`), status: 200, headers: { 'content-type': 'image/x', 'content-length': '2' }, text: 'hi' },
  { name: 'streaming', script: 'async function* parts() { for (const part of ["a", "b", "c"]) { await new Promise((r) => setTimeout(r, 2)); yield part; } } export const run = (data, request) => request.respond(parts(), { headers: { "content-type": "text/plain" } });', status: 200, headers: { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' }, text: 'abc' },
]; // prettier-ignore

const mixed = 'export const input = { x: { standard: [1, "a"] } }; export const run = () => 1;';

const documents: readonly Case[] = [
  { name: 'bad version', script: echo, path: '/swagger.json?version=3.0a', status: 404, json: { message: 'Swagger version [3.0a] is not valid. Supported versions: [2, 3, 3.1].' } },
  { name: 'default version', script: echo, path: '/swagger.json', status: 200, json: { swagger: '2.0', info: { title: 'ML service', version: '1.0' } } },
  ...['2', '2.0'].map((version): Case => ({ name: `version ${version}`, script: echo, path: `/swagger.json?version=${version}`, status: 200, json: { swagger: '2.0' } })),
  ...['3', '3.0'].map((version): Case => ({ name: `version ${version}`, script: echo, path: `/swagger.json?version=${version}`, status: 200, json: { openapi: '3.0.3' } })),
  { name: 'version 3.1', script: echo, path: '/swagger.json?version=3.1', status: 200, json: { openapi: '3.1.0' } },
  { name: 'without a declaration', script: echo, path: '/swagger.json', status: 200, json: { definitions: { ServiceInput: { type: 'object', example: {} }, ServiceOutput: { type: 'object', example: {} } } } },
  { name: 'path prefix', script: echo, options: { pathPrefix: 'api/v1/service/x/' }, path: '/swagger.json', status: 200, json: { paths: { '/api/v1/service/x/score': {}, '/api/v1/service/x/': {} } } },
  { name: 'no version 2 of mixed lists', script: mixed, path: '/swagger.json?version=2', status: 404, json: { message: 'Swagger version [2] is not supported for the scoring script. Supported swagger versions: [3, 3.1].' } },
  { name: 'version 3 of mixed lists', script: mixed, path: '/swagger.json?version=3', status: 200, json: { components: { schemas: { ServiceInput: { properties: { x: { items: { oneOf: [{}, {}] } } } } } } } },
]; // prettier-ignore

async function check(row: Case): Promise<void> {
  const server = await webServer(row.script === undefined ? {} : { script: row.script }, row.options);
  const response = await fetch(`${server.url}${row.path ?? '/score'}`, {
    method: row.method ?? 'GET',
    headers: row.send ?? {},
    ...(row.body === undefined ? {} : { body: typeof row.body === 'string' ? row.body : new Uint8Array(row.body) }),
  });
  const text = await response.text();
  expect({ status: response.status, text }).toEqual({ status: row.status, text: row.text ?? text });
  const given = Object.keys(row.headers ?? {}).map((name) => [name, response.headers.get(name)]);
  const matching = (value: RegExp): unknown => expect.stringMatching(value);
  const wanted = Object.entries(row.headers ?? {}).map(([name, value]) => [name, value instanceof RegExp ? matching(value) : value]); // prettier-ignore
  expect(given).toEqual(wanted);
  expect({ json: row.json === undefined ? undefined : (JSON.parse(text) as unknown) }).toMatchObject({
    json: row.json,
  });
}

describe('routes, as Azure ML has them', () => {
  it.each(routes)('$name', check);
});

describe('entry scripts, as Azure ML has them', () => {
  it.each(scripts)('$name', check);
});

describe('documents, as Azure ML has them', () => {
  it.each(documents)('$name', check);

  it('are those of the user where there are some, swagger.json before swagger2.json', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-documents-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const name of ['swagger', 'swagger2', 'swagger3']) await writeFile(path.join(folder, `${name}.json`), `"${name}"`); // prettier-ignore
    const { url } = await webServer({}, { documentsFolder: folder });
    const get = async (version: string): Promise<unknown> => (await fetch(`${url}/swagger.json?version=${version}`)).json(); // prettier-ignore
    expect([await get('2'), await get('3')]).toEqual(['swagger', 'swagger3']);
    expect(await get('3.1')).toMatchObject({ openapi: '3.1.0' });
    await rm(path.join(folder, 'swagger.json'));
    const second = await webServer({}, { documentsFolder: folder });
    expect(await (await fetch(`${second.url}/swagger.json`)).json()).toBe('swagger2');
    await writeFile(path.join(folder, 'swagger3.json'), '{');
    await expect(webServer({}, { documentsFolder: folder })).rejects.toMatchObject({ code: 'DocumentInvalid' });
  });
});
