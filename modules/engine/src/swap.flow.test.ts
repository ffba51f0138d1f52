import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Engine, EngineModel, InferResult, ScoreResult } from '@edgewright/engine';
import { modelFile, recordingLog, testEngine } from '../../../test/support/engine-fixture.ts';
import { residentBytesOfFamily } from '../../../test/support/resident-memory.ts';
import { affineOnnx } from '../../../test/support/tiny-models.ts';
import { tinyOnnx } from '../../../test/support/tiny-onnx.ts';

const rows = { data: [[1, 2, 3]] };

/** What a model of {@link affineOnnx} with that factor answers to `rows`. */
function answerOf(factor: number): unknown {
  return { predictions: [[factor + 1, 2 * factor + 1, 3 * factor + 1]] };
}

function swapTo(model: EngineModel): { models: readonly EngineModel[]; modelDirectory: string } {
  return { models: [model], modelDirectory: '/models' };
}

const score = (engine: Engine, data: unknown = rows): Promise<ScoreResult> => engine.score({ requestId: 'r', data });

describe.each(['inline', 'worker', 'process'] as const)('a swap of models that run %s', (execution) => {
  it('loses no request, and each is answered by the version that it says', async () => {
    const engine = await testEngine({ onnx: affineOnnx(2), execution });
    const seen: ScoreResult[] = [];
    const over = new AbortController();
    const callers = Array.from({ length: 8 }, async () => {
      while (!over.signal.aborted) {
        seen.push(await score(engine));
        await delay(0);
      }
    });
    for (const version of [2, 3]) {
      await engine.swap(swapTo(await modelFile(affineOnnx(version + 1), 'tiny', version)));
      const result = await score(engine);
      expect([result.engine.models[0]?.version, result.value]).toEqual([version, answerOf(version + 1)]);
    }
    const before = seen.length;
    await expect.poll(() => seen.length).toBeGreaterThan(before + callers.length);
    over.abort();
    await Promise.all(callers);
    expect(new Set(seen.map((result) => result.engine.models[0]?.version))).toEqual(new Set([1, 2, 3]));
    for (const { value, engine: of } of seen) expect(value).toEqual(answerOf((of.models[0]?.version ?? 0) + 1));
    expect(engine.stats()).toMatchObject({ completed: seen.length + 2, failed: 0, rejected: 0, swaps: 2 });
  });
});

describe('a version that does not come up', () => {
  it.each([
    {
      what: 'whose warm-up sample fails',
      code: 'WarmUpFailed',
      warmUp: [rows, { data: [[1, 2]] }],
      text: /sample 2 of 2/,
    },
    { what: 'that is no model', code: 'ModelNotLoadable', onnx: new Uint8Array([1, 2, 3]), text: /tiny:2/ },
    { what: 'whose backend is not for it', code: 'BackendUnavailable', backend: 'tfjs' as const, text: /tfjs/ },
  ])('$what never takes over', async ({ code, text, onnx = affineOnnx(3), ...change }) => {
    const engine = await testEngine({ onnx: affineOnnx(2), execution: 'inline' });
    await expect(engine.swap({ ...swapTo(await modelFile(onnx, 'tiny', 2)), ...change })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(text) as string,
    });
    expect((await score(engine)).value).toEqual(answerOf(2));
    expect(engine.describe().models[0]?.version).toBe(1);
    expect(engine.stats().swaps).toBe(0);
  });

  it('because the caller gave up changes nothing', async () => {
    const engine = await testEngine({ onnx: affineOnnx(2), execution: 'worker' });
    const giveUp = new AbortController();
    const swap = engine.swap({ ...swapTo(await modelFile(affineOnnx(3), 'tiny', 2)), signal: giveUp.signal });
    giveUp.abort();
    await expect(swap).rejects.toBe(giveUp.signal.reason);
    expect((await score(engine)).value).toEqual(answerOf(2));
  });
});

describe('swaps', () => {
  it('come one after the other', async () => {
    const engine = await testEngine({ onnx: affineOnnx(2), execution: 'worker' });
    const next = swapTo(await modelFile(affineOnnx(3), 'tiny', 2));
    const first = engine.swap(next);
    await expect(engine.swap(next)).rejects.toMatchObject({ code: 'SwapInProgress' });
    expect((await first).models[0]?.version).toBe(2);
  });

  it('may change how the model runs, and what they leave out is as the engine was made', async () => {
    const engine = await testEngine({ onnx: affineOnnx(2), execution: 'inline' });
    const model = swapTo(await modelFile(affineOnnx(2)));
    const tuned = { execution: 'worker', workers: 2, threads: 1, batching: { maxSize: 4 } } as const;
    expect(await engine.swap({ ...model, ...tuned })).toMatchObject({
      execution: { mode: 'worker', workers: 2, threads: 1 },
      batched: ['tiny'],
    });
    expect((await score(engine)).value).toEqual(answerOf(2));
    expect(await engine.swap(model)).toMatchObject({ execution: { mode: 'inline', workers: 0 }, batched: [] });
  });

  it('are given up when the engine closes, and refused afterwards', async () => {
    const engine = await testEngine({ onnx: affineOnnx(2), execution: 'worker' });
    const next = swapTo(await modelFile(affineOnnx(3), 'tiny', 2));
    const swap = engine.swap(next);
    const [swapped] = await Promise.allSettled([swap, engine[Symbol.asyncDispose]()]);
    expect(swapped).toMatchObject({ status: 'rejected', reason: { code: 'EngineClosed' } });
    await expect(engine.swap(next)).rejects.toMatchObject({ code: 'EngineClosed' });
  });

  it('let the old version finish what it has, however long it takes, and tell who takes over', async () => {
    const { log, lines } = recordingLog();
    const script =
      'export const run = (data: any) => new Promise((resolve) => setTimeout(() => resolve("old"), data.ms));';
    const engine = await testEngine({ onnx: affineOnnx(2), script, execution: 'process', limits: { drainMs: 1 }, log });
    const slow = score(engine, { ms: 700 });
    await engine.swap({ ...swapTo(await modelFile(affineOnnx(3), 'tiny', 2)) });
    expect((await score(engine)).value).toEqual(answerOf(3));
    expect((await slow).value).toBe('old');
    expect(lines.map((line) => line.text)).toContain('tiny:2 takes over from tiny:1');
  });
});

describe('the memory of many swaps', () => {
  it('of a model of 100 MB is after 60 of them within a quarter of what it was after the first', async () => {
    const engine = await testEngine({ onnx: largeOnnx(), execution: 'worker', threads: 1 });
    const model = await modelFile(largeOnnx(), 'large', 2);
    const sizes: number[] = [];
    for (let swaps = 0; swaps < 60; swaps += 1) {
      await engine.swap(swapTo(model));
      await infer(engine);
      sizes.push(residentBytesOfFamily(process.pid) / 2 ** 20);
    }
    const [first = 0] = sizes;
    const last = sizes.slice(-5).toSorted((a, b) => a - b)[2];
    expect(first).toBeGreaterThan(200);
    expect(last).toBeLessThan(1.25 * first);
  }, 300_000);
});

const WIDTH = 1024;
const STEPS = 25;

function infer(engine: Engine): Promise<InferResult> {
  const x = { datatype: 'FP32', shape: [1, WIDTH], data: new Float32Array(WIDTH) } as const;
  return engine.infer({ requestId: 'r', inputs: { x } });
}

/** 25 matrices of 4 MB, one after the other. */
function largeOnnx(): Uint8Array {
  const names = Array.from({ length: STEPS + 1 }, (_, i) => (i === 0 ? 'x' : i === STEPS ? 'y' : `step${i}`));
  return tinyOnnx({
    inputs: [{ name: 'x', shape: ['N', WIDTH] }],
    outputs: [{ name: 'y', shape: ['N', WIDTH] }],
    nodes: names.slice(1).map((name, i) => ({ op: 'MatMul', inputs: [names[i] ?? '', `w${i}`], outputs: [name] })),
    weights: Array.from({ length: STEPS }, (_, i) => ({
      name: `w${i}`,
      shape: [WIDTH, WIDTH],
      // no two alike: the runtime keeps equal ones once
      data: new Float32Array(WIDTH * WIDTH).fill((i + 1) / WIDTH),
    })),
  });
}
