import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKeyAuthenticator } from '@edgewright/web';
import { createLogger } from '@edgewright/telemetry';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../test/support/free-port.ts';
import { identityOnnx } from '../../../test/support/tiny-models.ts';
import { webServer } from '../../../test/support/web-fixture.ts';
import { ScoringClient } from './scoring-client.ts';

const row = { data: [[1, 2, 3]] };
const x = { datatype: 'FP32', shape: [1, 3], data: Float32Array.of(1, 2, 3) } as const;

/** A server that answers the requests one after the other as it is told, and what it was asked. */
async function scripted(...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    (answers[asked.length - 1] ?? answers.at(-1))?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const answer =
  (status: number, body = '{}', headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

describe('a client of a service', () => {
  it('scores JSON and tensors, and reads what the service says of itself', async () => {
    const { url } = await webServer();
    const client = new ScoringClient({ url: `${url}/score` });
    expect(await client.isHealthy()).toBe(true);
    expect(await client.score(row)).toEqual({ predictions: [[3, 5, 7]] });
    expect(await client.infer('tiny', { x })).toEqual({
      model: { name: 'tiny', version: '1' },
      outputs: { y: { datatype: 'FP32', shape: [1, 3], data: Float32Array.of(3, 5, 7) } },
    });
    expect(await client.infer('tiny', { x }, { version: 1 })).toHaveProperty('outputs.y.shape', [1, 3]);
    expect(await client.describe()).toMatchObject({ openapi: expect.stringMatching(/^3\.1/) as string });
  });

  it('names the request in its errors, with the service’s own words and code', async () => {
    const { url } = await webServer();
    const client = new ScoringClient({ url });
    const wrong = client.infer('tiny', { x: { ...x, shape: [3] } }, { requestId: 'mine' });
    await expect(wrong).rejects.toMatchObject({
      code: 'RequestRefused',
      message: expect.stringMatching(/^POST http:.*\/infer answered 400: .*"x" is FP32\[3\]/) as string,
      details: { status: 400, requestId: 'mine', code: 'InputInvalid' },
    });
    await expect(client.infer('other', { x })).rejects.toMatchObject({
      details: { status: 404, code: 'ModelUnknown' },
    });
  });

  it('sends a key, and a new token when one is refused', async () => {
    const keys = { primaryKey: 'the-primary-key-of-this-service', secondaryKey: 'the-secondary-key-of-this-one' };
    const authenticator = createKeyAuthenticator(keys, createLogger({ level: 'silent', name: 'test' }));
    onTestFinished(() => authenticator[Symbol.dispose]());
    const { url } = await webServer({}, { authenticator });
    await expect(new ScoringClient({ url }).score(row)).rejects.toMatchObject({ details: { status: 401 } });
    expect(await new ScoringClient({ url, key: keys.primaryKey }).score(row)).toEqual({ predictions: [[3, 5, 7]] });
    const refused: (string | undefined)[] = [];
    const token = (former: string | undefined): string => {
      refused.push(former);
      return former === undefined ? 'expired' : keys.secondaryKey;
    };
    const client = new ScoringClient({ url, token });
    expect(await client.score(row)).toEqual({ predictions: [[3, 5, 7]] });
    expect(await client.score(row)).toEqual({ predictions: [[3, 5, 7]] });
    expect(refused).toEqual([undefined, 'expired']);
    const broken = new ScoringClient({ url, token: () => Promise.reject(new TypeError('no login')) });
    await expect(broken.score(row)).rejects.toMatchObject({ code: 'TokenUnavailable', message: 'cannot get a token: no login' });
  }); // prettier-ignore

  it.each([
    { name: 'INT64', data: BigInt64Array.of(2n ** 60n, -3n) },
    { name: 'BOOL', data: Uint8Array.of(1, 0) },
    { name: 'BYTES', data: ['ü', ''] },
  ] as const)('carries $name to the bit', async ({ name, data }) => {
    const { url } = await webServer({ onnx: identityOnnx(name) });
    const given = { datatype: name, shape: [2], data };
    const { outputs } = await new ScoringClient({ url }).infer('tiny', { x: given });
    expect(Object.values(outputs)).toEqual([given]);
  });
});

describe('tries', () => {
  it('go on after 503, 429 and a cut connection, as long as Retry-After says', async () => {
    const { url, asked } = await scripted(
      answer(503, 'busy', { 'retry-after': '0' }),
      answer(429, 'busy', { 'retry-after': '0' }),
      (request) => request.socket.destroy(),
      answer(200, '[1]'),
    );
    expect(await new ScoringClient({ url }).score(row)).toEqual([1]);
    expect(asked).toHaveLength(4);
    expect(new Set(asked.map(({ headers }) => headers['x-request-id'])).size).toBe(1);
  });

  it.each([
    ['a refusal', 400, {}, 'RequestRefused'],
    ['a script that failed', 502, { 'x-ms-run-function-failed': 'True' }, 'ServiceFailed'],
    ['a request that took too long there', 504, {}, 'ServiceFailed'],
  ])('end at %s', async (_, status, headers, code) => {
    const { url, asked } = await scripted(answer(status, '{"message":"its reason"}', headers));
    await expect(new ScoringClient({ url }).score(row)).rejects.toMatchObject({ code, message: expect.stringContaining(`answered ${status}: its reason`) as string });
    expect(asked).toHaveLength(1);
  }); // prettier-ignore

  it('end with what the service said last, or why it was not reached', async () => {
    const { url, asked } = await scripted(answer(503, '{"message":"too many"}', { 'retry-after': '0' }));
    await expect(new ScoringClient({ url, tries: 3 }).score(row)).rejects.toMatchObject({ code: 'ServiceFailed', message: expect.stringContaining('too many') as string });
    expect(asked).toHaveLength(3);
    const nowhere = new ScoringClient({ url: `http://127.0.0.1:${await freePort()}`, tries: 2 });
    await expect(nowhere.score(row)).rejects.toMatchObject({ code: 'ConnectionFailed', message: expect.stringContaining('ECONNREFUSED') as string });
    expect(await nowhere.isHealthy()).toBe(false);
  }); // prettier-ignore

  it('have one deadline together, and end when the caller gives up', async () => {
    const { url } = await scripted(() => {});
    const client = new ScoringClient({ url, timeoutMs: 200 });
    await expect(client.score(row)).rejects.toMatchObject({ code: 'CallTimeout' });
    const reason = new TypeError('not needed any more');
    await expect(client.score(row, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

it.each([
  ['is no JSON', 'plain', 'it is no JSON'],
  ['is larger than the limit', `[${'1,'.repeat(600)}1]`, 'more than 1000 bytes'],
])('an answer that %s is an error of its own', async (_, body, text) => {
  const { url } = await scripted(answer(200, body));
  await expect(new ScoringClient({ url, maxAnswerBytes: 1000 }).score(row)).rejects.toMatchObject({ code: 'AnswerInvalid', message: expect.stringContaining(text) as string });
}); // prettier-ignore
