import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testEngine } from '../../../../test/support/engine-fixture.ts';
import { affineOnnx, perceptronOnnx } from '../../../../test/support/tiny-models.ts';
import { tinyOnnx } from '../../../../test/support/tiny-onnx.ts';
import type { Engine, InferResult } from '../engine.ts';
import type { ModelJob } from '../scoring/job.ts';
import type { Tensor } from '../tensor.ts';
import { batchPlace, canBatch, joinJobs, splitOutput } from './micro-batching.ts';

const models = new Set(['m']);
const job = (x: Tensor, more: Record<string, Tensor> = {}): ModelJob => ({ kind: 'model', model: 'm', inputs: { x, ...more } }); // prettier-ignore
const rows = (values: readonly number[], width: number): Tensor => ({
  datatype: 'FP32',
  shape: [values.length / width, width],
  data: Float32Array.from(values),
});

describe('joining jobs', () => {
  it('and splitting what they give, gives back each its own', () => {
    const parts = fc.array(fc.array(fc.float({ noNaN: true }), { minLength: 2, maxLength: 6 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(parts, (lists) => {
        const jobs = lists.map((list) => job({ datatype: 'FP32', shape: [list.length, 1], data: Float32Array.from(list) }));
        const joined = joinJobs(jobs);
        expect(joined.inputs['x']?.shape).toEqual([lists.flat().length, 1]);
        const split = splitOutput({ outputs: joined.inputs }, lists.map((list) => list.length));
        expect(split?.map((output) => ('outputs' in output ? output.outputs : undefined))).toEqual(jobs.map(({ inputs }) => inputs));
      }),
    );
  }); // prettier-ignore

  it('joins strings too', () => {
    const words = (data: string[]): Tensor => ({ datatype: 'BYTES', shape: [data.length], data });
    expect(joinJobs([job(words(['a'])), job(words(['b', 'c']))]).inputs['x']).toEqual(words(['a', 'b', 'c']));
  });

  it('takes the same model and the same shape of a row, nothing else', () => {
    const place = batchPlace(job(rows([1, 2], 2)), models);
    expect(place?.rows).toBe(1);
    expect(batchPlace(job(rows([1, 2, 3, 4], 2)), models)).toEqual({ key: place?.key, rows: 2 });
    expect(batchPlace(job(rows([1, 2, 3], 3)), models)?.key).not.toBe(place?.key);
    expect(batchPlace(job({ datatype: 'INT32', shape: [1, 2], data: Int32Array.of(1, 2) }), models)?.key).not.toBe(
      place?.key,
    );
    expect(batchPlace(job(rows([1, 2], 2)), new Set(['other']))).toBeUndefined();
    expect(batchPlace(job(rows([1, 2], 2), { y: rows([1, 2], 1) }), models)).toBeUndefined();
    expect(batchPlace({ kind: 'script', data: 1 }, models)).toBeUndefined();
  });

  it('does not split what has not a row for each row', () => {
    expect(splitOutput({ outputs: { mean: rows([1, 2], 2) } }, [1, 1])).toBeUndefined();
  });

  it('needs a free first dimension everywhere', () => {
    const spec = (...shape: number[]) => ({ name: 'x', datatype: 'FP32' as const, shape });
    expect(canBatch({ inputs: [spec(-1, 3)], outputs: [spec(-1)] })).toBe(true);
    expect(canBatch({ inputs: [spec(1, 3)], outputs: [spec(-1)] })).toBe(false);
    expect(canBatch({ inputs: [spec(-1, 3)], outputs: [spec()] })).toBe(false);
  });
});

const infer = (engine: Engine, x: Tensor): Promise<InferResult> => engine.infer({ requestId: 'r', inputs: { x } });

describe.each(['inline', 'worker'] as const)('an engine that batches, %s', (execution) => {
  it('gives every caller its own result', async () => {
    const engine = await testEngine({ onnx: affineOnnx(), execution, batching: { maxSize: 16 } });
    expect(engine.describe().batched).toEqual(['tiny']);
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => infer(engine, rows([i, i + 1, i + 2], 3))));
    const found = results.map(({ outputs }) => outputs['y']);
    expect(found).toEqual(Array.from({ length: 100 }, (_, i) => rows([2 * i + 1, 2 * i + 3, 2 * i + 5], 3)));
    expect(engine.stats()).toMatchObject({ completed: 100, waiting: 0, running: 0 });
  });

  it('gives the same numbers as one by one', async () => {
    const options = { onnx: perceptronOnnx(8, 16, 3), execution };
    const [batching, single] = [await testEngine({ ...options, batching: { maxSize: 8 } }), await testEngine(options)];
    const inputs = Array.from({ length: 20 }, (_, i) => Array.from({ length: 8 }, (_unused, j) => Math.sin(i * 8 + j)));
    const joined = await Promise.all(inputs.map((values) => infer(batching, rows(values, 8))));
    for (const [i, values] of inputs.entries()) {
      const alone = Array.from((await infer(single, rows(values, 8))).outputs['y']?.data as Float32Array);
      const together = Array.from(joined[i]?.outputs['y']?.data as Float32Array);
      alone.forEach((value, k) => expect(together[k]).toBeCloseTo(value, 5));
    }
  });

  it('lets one bad item fail alone', async () => {
    // a reshape that works only for rows that are all of their declared length
    const onnx = tinyOnnx({
      inputs: [{ name: 'x', type: 'INT64', shape: ['N'] }],
      outputs: [{ name: 'y', shape: ['N'] }],
      nodes: [{ op: 'Gather', inputs: ['table', 'x'], outputs: ['y'] }],
      weights: [{ name: 'table', shape: [3], data: Float32Array.of(10, 20, 30) }],
    });
    const engine = await testEngine({ onnx, execution, batching: { maxSize: 8 } });
    const outcomes = await Promise.all(
      [0n, 1n, 99n, 2n].map((index) =>
        infer(engine, { datatype: 'INT64', shape: [1], data: BigInt64Array.of(index) }).then(
          ({ outputs }) => outputs['y']?.data[0],
          (error: { code: string }) => error.code,
        ),
      ),
    );
    expect(outcomes).toEqual([10, 20, 'ScoringFailed', 30]);
  });

  it('waits for others as long as it may, and not longer than a full batch takes', async () => {
    const engine = await testEngine({ onnx: affineOnnx(), execution, batching: { maxSize: 2, maxDelayMs: 150 } });
    const started = performance.now();
    await infer(engine, rows([1, 2, 3], 3));
    expect(performance.now() - started).toBeGreaterThan(140);
    const both = performance.now();
    await Promise.all([infer(engine, rows([1, 2, 3], 3)), infer(engine, rows([1, 2, 3], 3))]);
    expect(performance.now() - both).toBeLessThan(100);
  });
});

describe('what an engine that batches says', () => {
  it('of a model that cannot be batched', async () => {
    const onnx = tinyOnnx({
      inputs: [{ name: 'x', shape: [1] }],
      outputs: [{ name: 'y', shape: [1] }],
      nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
    });
    const engine = await testEngine({ onnx, execution: 'inline', batching: { maxSize: 8 } });
    expect(engine.describe().batched).toEqual([]);
    const results = await Promise.all([1, 2].map((value) => infer(engine, { datatype: 'FP32', shape: [1], data: Float32Array.of(value) }))); // prettier-ignore
    expect(results.map(({ outputs }) => outputs['y']?.data[0])).toEqual([1, 2]);
  });

  it('of a size that is none', async () => {
    await expect(testEngine({ onnx: affineOnnx(), batching: { maxSize: 0 } })).rejects.toThrow('batching.maxSize is 0');
  });
});
