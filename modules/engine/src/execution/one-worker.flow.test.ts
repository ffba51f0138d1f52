import { describe, expect, it } from 'vitest';
import type { Engine, InferResult } from '@edgewright/engine';
import { testEngine } from '../../../../test/support/engine-fixture.ts';
import { affineOnnx, slowOnnx } from '../../../../test/support/tiny-models.ts';

function infer(
  engine: Engine,
  value: number,
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<InferResult> {
  const x = { datatype: 'FP32', shape: [1, 3], data: new Float32Array(3).fill(value) } as const;
  return engine.infer({ requestId: `r${value}`, inputs: { x }, ...options });
}

const first = ({ outputs }: InferResult): unknown => outputs['y']?.data[0];

/** A run of some 200 ms: what is asked meanwhile waits, and one request of it is sent ahead. */
const SLOW_ROWS = 320;
function slow(
  engine: Engine,
  fill: number,
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<InferResult> {
  const x = { datatype: 'FP32', shape: [SLOW_ROWS, 320], data: new Float32Array(SLOW_ROWS * 320).fill(fill) } as const;
  return engine.infer({ requestId: `s${fill}`, inputs: { x }, ...options });
}

describe.each(['worker', 'process'] as const)('a request that waits for the only %s', (execution) => {
  it('is answered in its order, as all others are', async () => {
    const engine = await testEngine({ onnx: affineOnnx(2), execution });
    const order: number[] = [];
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const result = await infer(engine, i);
        order.push(i);
        return first(result);
      }),
    );
    expect(answers).toEqual(answers.map((_, i) => 2 * i + 1));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('is forgotten when its caller gives it up, and those behind it get their own answers', async () => {
    const engine = await testEngine({ onnx: slowOnnx(100), execution });
    const giveUp = new AbortController();
    const running = slow(engine, 1);
    const ahead = slow(engine, 2, { signal: giveUp.signal });
    const behind = slow(engine, 3);
    giveUp.abort(new RangeError('no longer wanted'));
    await expect(ahead).rejects.toThrow('no longer wanted');
    expect([first(await running), first(await behind)]).toEqual(
      [1, 3].map((fill) => expect.closeTo(fill, 3) as unknown),
    );
    expect(engine.stats()).toMatchObject({ completed: 2, cancelled: 1, waiting: 0, running: 0 });
  });

  it('is not lost when the worker is ended under the one before it', async () => {
    const engine = await testEngine({ onnx: slowOnnx(400), execution });
    const running = slow(engine, 1, { timeoutMs: 50 });
    const ahead = slow(engine, 2);
    await expect(running).rejects.toMatchObject({ code: 'ScoringTimeout' });
    expect(first(await ahead)).toEqual(expect.closeTo(2, 2));
    expect(engine.stats()).toMatchObject({ completed: 1, timedOut: 1, workersReplaced: 1 });
  });

  it('keeps its own deadline', async () => {
    const engine = await testEngine({ onnx: slowOnnx(400), execution });
    const running = slow(engine, 1);
    await expect(slow(engine, 2, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'ScoringTimeout',
      details: { phase: 'waiting' },
    });
    expect(first(await running)).toEqual(expect.closeTo(1, 2));
    expect(engine.stats().workersReplaced).toBe(0);
  });
});
