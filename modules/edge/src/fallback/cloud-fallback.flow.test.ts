import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ScorerDesired } from '@edgewright/contract';
import { EngineError } from '@edgewright/engine';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { startEdgeModule } from '../../../../test/support/running-edge-module.ts';
import type { StartEdgeModuleOptions } from '../../../../test/support/running-edge-module.ts';

interface Asked {
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** An endpoint in the cloud; `answer` gives a status and a body, or never settles. */
async function cloud(answer: (asked: Asked) => Promise<readonly [number, string]> | readonly [number, string]) {
  const requests: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const asked = { body, headers: request.headers };
      requests.push(asked);
      const [status, content] = await answer(asked);
      response.writeHead(status, { 'content-type': 'application/json' }).end(content);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/score` };
}

async function start(fallback: ScorerDesired['fallback'], options: StartEdgeModuleOptions = {}) {
  const stateDirectory = options.stateDirectory ?? (await temporaryFolder());
  return startEdgeModule({
    ...options,
    stateDirectory,
    prepare: (hub) => {
      hub.desired = { $version: 1, limits: { maxAttempts: 1 }, fallback };
    },
  });
}

const failing = (code: 'ScoringFailed' | 'ScoringTimeout' | 'QueueFull' | 'InputInvalid') => () => {
  throw new EngineError(code, 'the edge cannot');
};

describe('the fallback in the cloud', () => {
  it.each([
    ['ScoringFailed', 'error'],
    ['ScoringTimeout', 'timeout'],
    ['QueueFull', 'queueFull'],
  ] as const)('scores what the edge failed at with %s', async (code, reason) => {
    const { url, requests } = await cloud(() => [200, '{"from":"cloud"}']);
    const { hub, metrics, reported } = await start({ url }, { score: failing(code), fallbackKey: async () => 'k-1' });
    await hub.deliver('in', '{"data":1}', { '$.mid': 'm-1', '$.cid': 'c-1', patient: '7' });
    await hub.until(() => hub.outputs.length === 1);
    expect(hub.outputs[0]).toMatchObject({
      outputName: 'amlOutput',
      body: '{"from":"cloud"}',
      properties: { '$.cid': 'c-1', patient: '7', scoredBy: 'cloud', fallbackReason: reason, inputMessageId: 'm-1' },
    });
    expect(requests[0]).toMatchObject({
      body: '{"data":1}',
      headers: { authorization: 'Bearer k-1', 'x-ms-client-request-id': 'c-1' },
    });
    const line = `test_edge_fallback_total{reason="${reason}",outcome="scored"} 1`;
    await expect.poll(() => metrics.text()).toContain(line);
    await expect.poll(() => JSON.stringify(reported())).not.toContain('k-1');
  });

  it('leaves to the error output what the message is at fault for, and what is not in the policy', async () => {
    const { url, requests } = await cloud(() => [200, '1']);
    const invalid = await start({ url }, { score: failing('InputInvalid') });
    await invalid.hub.deliver('in', '1');
    const late = await start({ url, on: ['error'] }, { score: failing('ScoringTimeout') });
    await late.hub.deliver('in', '1');
    expect([invalid, late].map(({ hub }) => hub.outputs[0]?.outputName)).toEqual(['amlError', 'amlError']);
    expect(requests).toEqual([]);
  });

  it('never holds up the edge while the cloud does not answer', async () => {
    const { url, requests } = await cloud(() => Promise.withResolvers<readonly [number, string]>().promise);
    const { hub } = await start(
      { url, confidence: { below: 0.9, pointer: '/score' } },
      {
        score: (data) => {
          if (data === 'bad') throw new EngineError('ScoringFailed', 'the edge cannot');
          return { score: data };
        },
      },
    );
    await hub.deliver('in', '"bad"');
    for (let i = 0; i < 20; i += 1) await hub.deliver('in', '0.5', { '$.mid': `m-${i}` });
    expect(hub.outputs.map(({ body }) => body)).toEqual(Array.from({ length: 20 }, () => '{"score":0.5}'));
    expect(requests.length).toBeLessThanOrEqual(4);
    expect((await hub.call('status', null)).payload).toMatchObject({ fallback: { waiting: 21, scored: 0 } });
  });

  it('asks once more where the edge is not sure, and only there', async () => {
    const { url } = await cloud(() => [200, '{"score":0.99}']);
    const { hub } = await start(
      { url, on: [], confidence: { below: 0.9, pointer: '/score' } },
      { score: (data) => ({ score: data }) },
    );
    await hub.deliver('in', '0.95', { '$.mid': 'sure' });
    await hub.deliver('in', '0.5', { '$.mid': 'unsure' });
    await hub.until(() => hub.outputs.length === 3);
    const seen = hub.outputs.map(({ properties }) => [properties['inputMessageId'], properties['scoredBy']]);
    expect(seen).toEqual([
      ['sure', undefined],
      ['unsure', undefined],
      ['unsure', 'cloud'],
    ]);
    expect(new Set(hub.outputs.map(({ properties }) => properties['$.mid'])).size).toBe(3);
  });

  it('says what both said when the cloud will not either', async () => {
    const { url } = await cloud(() => [400, 'no such shape']);
    const { hub } = await start({ url }, { score: failing('ScoringFailed') });
    await hub.deliver('in', '1', { '$.mid': 'm' });
    await hub.until(() => hub.outputs.length === 1);
    expect(hub.outputs[0]).toMatchObject({ outputName: 'amlError' });
    expect(hub.outputs[0]?.body).toMatch(/ScoringFailed.*the edge cannot.*400: no such shape/);
  });

  it('keeps to its budget, and to its room', async () => {
    const { url, requests } = await cloud(() => [200, '1']);
    const { hub } = await start({ url, maxPerHour: 2, maxWaiting: 3 }, { score: failing('ScoringFailed') });
    for (let i = 0; i < 2; i += 1) await hub.deliver('in', String(i));
    await hub.until(() => hub.outputs.length === 2);
    for (let i = 0; i < 4; i += 1) await hub.deliver('in', String(i));
    expect(requests).toHaveLength(2);
    expect(hub.outputs.map(({ outputName }) => outputName)).toEqual(['amlOutput', 'amlOutput', 'amlError']);
    expect((await hub.call('status', null)).payload).toMatchObject({
      fallback: { waiting: 3, budgetLeft: 0, refused: 1, scored: 2 },
    });
  });

  it('leaves an endpoint alone that fails, and a later process takes up what waits', async () => {
    const { url, requests } = await cloud(() => [503, 'later']);
    const stateDirectory = await temporaryFolder();
    const first = await start({ url }, { stateDirectory, score: failing('ScoringFailed') });
    for (let i = 0; i < 8; i += 1) await first.hub.deliver('in', String(i), { '$.mid': `m-${i}` });
    const circuit = async () => (await first.hub.call('status', null)).payload as { fallback: { circuit: string } };
    await expect.poll(async () => (await circuit()).fallback.circuit, { timeout: 10_000 }).toBe('open');
    expect(requests.length).toBeLessThan(9);
    first.stop.abort();
    await first.ended;
    const well = await cloud(() => [200, '"late"']);
    const { hub } = await start({ url: well.url }, { stateDirectory, score: failing('ScoringFailed') });
    await hub.until(() => hub.outputs.length === 8);
    expect(new Set(hub.outputs.map(({ body }) => body))).toEqual(new Set(['"late"']));
  });

  it.each([
    [{ url: 'http://scores.test/score' }, { fallbackKey: async () => 'k' }, /in the clear/],
    [{ url: 'ftp://scores.test/score' }, {}, /\$\.fallback\.url/],
  ])('is refused with %j', async (fallback, options, reason) => {
    const { reported } = await start(fallback, options);
    await expect
      .poll(reported)
      .toMatchObject({ settings: { status: 'refused', reason: expect.stringMatching(reason) as string } });
  });
});
