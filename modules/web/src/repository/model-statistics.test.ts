import type { LoadedModel } from '@edgewright/engine';
import { expect, it } from 'vitest';
import { ModelStatistics, rowsOf } from './model-statistics.ts';

const spec = { name: 'x', datatype: 'FP32', shape: [-1, 3] } as const;
const model: LoadedModel = { name: 'm', version: 2, signature: { inputs: [{ ...spec, shape: [-1, 3] }], outputs: [] } };
const timings = { queueMs: 1, runMs: 2, totalMs: 3 };

function ask(statistics: ModelStatistics, rows: number, joined?: { requests: number; rows: number }): void {
  const clock = statistics.begin();
  clock.read(model, rows);
  clock.succeeded(joined === undefined ? timings : { ...timings, joined });
}

it('counts requests, rows and runs, with what each part took', () => {
  const statistics = new ModelStatistics();
  ask(statistics, 4);
  for (let i = 0; i < 3; i += 1) ask(statistics, 2, { requests: 3, rows: 6 });
  const failing = statistics.begin();
  failing.failed();
  failing.read(model, 1);
  failing.failed();
  const [figures] = statistics.of([model]);
  const any = expect.any(Number) as number;
  const durations = (count: number, ns = any) => ({ count, ns });
  expect(figures).toEqual({
    name: 'm',
    version: '2',
    last_inference: expect.any(Number) as number,
    inference_count: 10,
    execution_count: 2,
    inference_stats: {
      success: durations(4),
      // what was never read is nobody's
      fail: durations(1),
      queue: durations(4, 4_000_000),
      compute_input: durations(4),
      compute_infer: durations(4, 8_000_000),
      compute_output: durations(4),
      cache_hit: durations(0, 0),
      cache_miss: durations(0, 0),
    },
    batch_stats: [4, 6].map((size) => ({ batch_size: size, compute_input: durations(1), compute_infer: durations(1, 2_000_000), compute_output: durations(1) })),
  }); // prettier-ignore
  expect(figures?.inference_stats.success.ns).toBeGreaterThanOrEqual(12_000_000);
});

it('has a row for a model that was never asked, and forgets no count for many batch sizes', () => {
  const statistics = new ModelStatistics();
  expect(statistics.of([model])).toMatchObject([{ last_inference: 0, inference_count: 0, batch_stats: [] }]);
  for (let rows = 1; rows <= 100; rows += 1) ask(statistics, rows);
  const [figures] = statistics.of([model]);
  expect(figures).toMatchObject({ inference_count: 5050, execution_count: 100 });
  expect(figures?.batch_stats).toHaveLength(64);
});

it('takes the rows from a free first dimension alone', () => {
  const inputs = { x: { datatype: 'FP32', shape: [5, 3], data: new Float32Array(15) } } as const;
  const fixed: LoadedModel = { ...model, signature: { inputs: [{ ...spec, shape: [5, 3] }], outputs: [] } };
  expect([rowsOf(model, { x: { ...inputs.x, shape: [5, 3] } }), rowsOf(fixed, { x: { ...inputs.x, shape: [5, 3] } })]).toEqual([5, 1]);
}); // prettier-ignore
