import { describe, expect, it } from 'vitest';
import { documentIssues, ScorerReportedSchema } from '@edgewright/contract';
import type { TuningFound, TuningRequest } from '@edgewright/contract';
import { startEdgeModule } from '../../../../test/support/running-edge-module.ts';
import type { TuneDevice } from './device-tuning.ts';

const figures = { throughput: 100, p99Ms: 5, rssMb: 90 };
const found: TuningFound = {
  engine: { workers: 2, threads: 1 },
  isDefault: false,
  reason: 'it is faster',
  gain: 1.5,
  best: figures,
  default: { ...figures, throughput: 66 },
  report: { candidates: [] },
};

/** A tuner that takes as long as a test wants. */
function heldTuner() {
  const requests: TuningRequest[] = [];
  const end = Promise.withResolvers<TuningFound>();
  const tune: TuneDevice = (request, { signal, onProgress }) => {
    requests.push(request);
    onProgress('round 1 of 2');
    const gaveUp = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    return Promise.race([end.promise, gaveUp]);
  };
  return { tune, requests, end };
}

/** A module that takes calls: it has scored a message. */
async function startTuned(options: { readonly tune?: TuneDevice } = {}) {
  const module = await startEdgeModule(options);
  await module.hub.deliver('in', '0');
  return module;
}

describe('the direct method tune', () => {
  it('answers at once, holds messages at edgeHub meanwhile, loses none, and reports what it found', async () => {
    const { tune, requests, end } = heldTuner();
    const { hub, reported } = await startTuned({ tune });
    const begun = await hub.call('tune', { budgetSeconds: 30, maxP99Ms: 10 });
    expect(begun).toMatchObject({ status: 202, payload: { tuning: { state: 'draining', endedAt: null } } });
    await expect.poll(() => requests).toEqual([{ concurrency: 1, budgetSeconds: 30, maxP99Ms: 10 }]);
    const delivered = hub.deliver('in', '{"data":[1]}');
    expect(await hub.call('tune', null)).toMatchObject({ status: 409, payload: { code: 'TuningRefused' } });
    expect(await hub.call('tuneResult', null)).toMatchObject({
      status: 200,
      payload: { tuning: { state: 'measuring', reason: 'round 1 of 2' }, report: null },
    });
    expect(hub.outputs).toHaveLength(1);
    end.resolve(found);
    await delivered;
    expect(hub.outputs.map(({ body }) => body)).toEqual(['0', '{"data":[1]}']);
    await expect.poll(() => (reported()['tuning'] as { state?: string } | undefined)?.state).toBe('done');
    expect(reported()['tuning']).toMatchObject({ engine: '{"workers":2,"threads":1}', gain: 1.5, best: figures });
    expect(documentIssues(ScorerReportedSchema, reported())).toEqual([]);
    expect(await hub.call('tuneResult', null)).toMatchObject({ payload: { report: { candidates: [] } } });
  });

  it('gives way to an update, and says so', async () => {
    const { tune, requests } = heldTuner();
    const { hub } = await startTuned({ tune });
    await hub.call('tune', { whileScoring: true });
    await expect.poll(() => requests.length).toBe(1);
    expect(await hub.call('prepareUpdate', { holdSeconds: 60, waitSeconds: 1 })).toMatchObject({
      status: 200,
      payload: { isPaused: true, isIdle: true },
    });
    const result = await hub.call('tuneResult', null);
    expect(result).toMatchObject({
      payload: { tuning: { state: 'failed', reason: /an update is being prepared/ as never } },
    });
    expect(await hub.call('tune', null)).toMatchObject({
      status: 409,
      payload: { message: /paused for an update/ as never },
    });
  });

  it.each([
    [{ budgetSeconds: 1 }, 'budgetSeconds'],
    [{ samples: [] }, 'samples'],
    [{ threads: 2 }, 'threads'],
  ])('refuses %o', async (payload, text) => {
    const { hub } = await startTuned({ tune: heldTuner().tune });
    const answer = await hub.call('tune', payload);
    expect(answer).toMatchObject({ status: 400, payload: { code: 'MethodInvalid' } });
    expect(JSON.stringify(answer.payload)).toContain(text);
  });

  it('is refused where there is nothing to tune with, and says what failed', async () => {
    const without = await startTuned();
    expect(await without.hub.call('tune', null)).toMatchObject({
      status: 409,
      payload: { message: /cannot tune: this program/ as never },
    });
    const failing = await startTuned({ tune: () => Promise.reject(new TypeError('no samples')) });
    await failing.hub.call('tune', {});
    await expect
      .poll(async () => (await failing.hub.call('tuneResult', null)).payload)
      .toMatchObject({ tuning: { state: 'failed', reason: 'no samples' } });
    // messages are taken again
    await failing.hub.deliver('in', '1');
  });
});
