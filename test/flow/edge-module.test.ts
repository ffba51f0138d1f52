import { documentIssues, ScorerReportedSchema } from '@edgewright/contract';
import { connectHub } from '@edgewright/iothub';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { disturb } from '../chaos/disturb.ts';
import { disturbances } from '../chaos/disturbances.ts';
import { randomOf } from '../chaos/random-of.ts';
import { EdgeLab } from '../support/edge-lab.ts';
import { affineOnnx } from '../support/tiny-models.ts';

describe('the scorer on a simulated edge device', () => {
  let lab: EdgeLab;

  beforeAll(async () => {
    lab = await EdgeLab.open({ model: affineOnnx() });
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  it('scores what is routed to it, follows its twin, reports, and answers methods', async () => {
    await lab.configure({ mapping: { outputs: ['scores'] }, reportIntervalSeconds: 5 });
    const stop = new AbortController();
    const arrivals = lab.collect(stop.signal);
    const scorer = await lab.startScorer();
    await lab.send([
      { id: 'a', body: { data: [[1, 2, 3]] } },
      { id: 'b', body: { data: 'nonsense' } },
    ]);
    await expect.poll(() => arrivals.size, { timeout: 20_000 }).toBe(2);
    expect(arrivals.get('a')).toMatchObject([{ outputName: 'scores', body: '{"predictions":[[3,5,7]]}' }]);
    expect(arrivals.get('b')).toMatchObject([{ outputName: 'amlError', body: /"code":"InputInvalid"/ as never }]);

    const status = await lab.simulator.invokeMethod({
      deviceId: 'edge-1',
      moduleId: 'scorer',
      methodName: 'status',
      payload: null,
    });
    expect(status).toMatchObject({ status: 200, payload: { counters: { received: 2, scored: 1, rejected: 1 } } });

    const { connectionString, httpsPort, caFile } = lab.simulator.info;
    await using hub = connectHub({ connectionString, port: httpsPort, caFile });
    const reported = async () => (await hub.moduleTwin('edge-1', 'scorer')).reported;
    await expect.poll(reported, { timeout: 20_000 }).toMatchObject({ state: 'running', counters: { scored: 1 } });
    const own = Object.fromEntries(Object.entries(await reported()).filter(([key]) => !key.startsWith('$')));
    expect(documentIssues(ScorerReportedSchema, own)).toEqual([]);

    await lab.configure({ limits: { maxAttempts: 0 } });
    await expect
      .poll(reported, { timeout: 20_000 })
      .toMatchObject({ settings: { status: 'refused', reason: /maxAttempts/ as never } });
    scorer.signal('SIGTERM');
    expect(await scorer.ended).toBe(0);
    expect(await reported()).toMatchObject({ state: 'stopped' });
    stop.abort();
  });

  it('finds out how it runs best while messages wait, and runs as its desired properties then say', async () => {
    await lab.configure({ reportIntervalSeconds: 5 });
    const stop = new AbortController();
    const arrivals = lab.collect(stop.signal);
    const scorer = await lab.startScorer();
    await scorer.line('joined edgeHub');
    const call = (methodName: string, payload: unknown) =>
      lab.simulator.invokeMethod({ deviceId: 'edge-1', moduleId: 'scorer', methodName, payload });
    await expect.poll(() => call('ping', null)).toMatchObject({ status: 200 });
    expect(await call('tune', { budgetSeconds: 5 })).toMatchObject({ status: 202 });
    await lab.send([{ id: 'waits', body: { data: [[1, 2, 3]] } }]);
    await expect
      .poll(async () => (await call('tuneResult', null)).payload, { timeout: 100_000 })
      .toMatchObject({
        tuning: { state: 'done', id: /./ as never },
        report: { model: 'model:1', load: { concurrency: 1 } },
      });
    await expect.poll(() => arrivals.has('waits'), { timeout: 20_000 }).toBe(true);
    await lab.configure({ engine: { execution: 'worker', workers: 2, threads: 1 } });
    await expect
      .poll(async () => (await call('status', null)).payload, { timeout: 20_000 })
      .toMatchObject({ execution: { mode: 'worker', workers: 2, threads: 1 }, settings: { status: 'applied' } });
    scorer.signal('SIGTERM');
    expect(await scorer.ended).toBe(0);
    stop.abort();
  });

  it('goes on while its token is renewed again and again', async () => {
    await lab.configure({});
    const stop = new AbortController();
    const arrivals = lab.collect(stop.signal);
    const scorer = await lab.startScorer({ EDGEWRIGHT_TOKEN_LIFETIME_SECONDS: '4' });
    await scorer.line('joined edgeHub');
    for (let round = 0; round < 8; round += 1) {
      await lab.send(Array.from({ length: 20 }, (_, n) => ({ id: `t-${round}-${n}`, body: { data: [[n, n, n]] } })));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    await expect.poll(() => arrivals.size, { timeout: 20_000 }).toBe(160);
    const ids = [...arrivals.values()].map((each) => new Set(each.map(({ messageId }) => messageId)).size);
    expect(new Set(ids)).toEqual(new Set([1]));
    scorer.signal('SIGTERM');
    expect(await scorer.ended).toBe(0);
    stop.abort();
  });

  it.each(['after-output', 'after-journal'] as const)('loses nothing when it is killed, under %s', async (policy) => {
    const disturbance = disturbances.find(({ name }) => name === 'kill');
    if (disturbance === undefined) throw new TypeError('there is no way to kill the scorer');
    const options = { disturbance, policy, messages: 200, times: 4, random: randomOf(7), report: () => {} };
    const result = await disturb(lab, options);
    expect(result).toMatchObject({ sent: 200, scored: 200, lost: 0, rejected: 0, duplicatesWithOtherId: 0, kills: 4 });
  });
});
