import { describe, expect, it } from 'vitest';
import { recordingLog, testEngine } from '../../../test/support/engine-fixture.ts';
import { affineOnnx, perceptronOnnx, sumAndProductOnnx } from '../../../test/support/tiny-models.ts';

const request = { requestId: 'r1' };

describe.each(['inline', 'worker'] as const)('an engine that runs %s', (execution) => {
  it('answers rows with predictions', async () => {
    const engine = await testEngine({ onnx: affineOnnx(), execution });
    const result = await engine.score({ ...request, data: { data: [[1, 2, 3], [4, 5, 6]] } }); // prettier-ignore
    expect(result.value).toEqual({ predictions: [[3, 5, 7], [9, 11, 13]] }); // prettier-ignore
    expect(result.backend).toBe('onnx');
    expect(result.timings.totalMs).toBeGreaterThan(0);
  });

  it('answers named inputs with named outputs', async () => {
    const engine = await testEngine({ onnx: sumAndProductOnnx(), execution });
    const result = await engine.score({ ...request, data: { inputs: { a: [2, 3], b: [4, 5] } } });
    expect(result.value).toEqual({ outputs: { sum: [6, 8], product: [8, 15] } });
  });

  it('hands data through the entry script', async () => {
    const engine = await testEngine({
      onnx: affineOnnx(),
      execution,
      script: `
        let model: any;
        export async function init(context: any) { model = context.models.get(); }
        export async function run(data: { rows: number[][] }, request: { requestId: string }) {
          const x = { datatype: 'FP32', shape: [data.rows.length, 3], data: Float32Array.from(data.rows.flat()) };
          const { y } = await model.run({ x });
          return { id: request.requestId, y: y.data };
        }`,
    });
    const result = await engine.score({ ...request, data: { rows: [[1, 2, 3]] } });
    expect(result.value).toEqual({ id: 'r1', y: [3, 5, 7] });
  });
});

describe('the choice between inline and workers', () => {
  it('says what was chosen and why, in one log line', async () => {
    const { log, lines } = recordingLog();
    const engine = await testEngine({ onnx: affineOnnx(), log });
    const { execution, backendReason } = engine.describe();
    expect(execution.reason).toMatch(/a run takes [\d.]+ ms and a hop/);
    expect(lines.filter((line) => line.facts['event'] === 'engine.started')).toHaveLength(1);
    expect(lines.map((line) => line.text).join()).toContain(backendReason);
  });
});

describe('an engine that chose to run inline', () => {
  it('gives what is too large for that to a worker, and its deadline ends that', async () => {
    const { log, lines } = recordingLog();
    // what is measured on a busy machine may say otherwise for once
    let engine = await testEngine({ onnx: perceptronOnnx(8, 8, 4), log });
    for (let more = 10; more > 0 && engine.describe().execution.mode !== 'inline'; more -= 1) {
      engine = await testEngine({ onnx: perceptronOnnx(8, 8, 4), log });
    }
    expect(engine.describe().execution.mode).toBe('inline');
    const large = (rows: number) => ({
      x: { datatype: 'FP32' as const, shape: [rows, 8], data: new Float32Array(rows * 8) },
    });
    const started = (): boolean => lines.some((line) => line.facts['event'] === 'engine.worker.large');
    await engine.infer({ ...request, inputs: large(1) });
    expect(started()).toBe(false);
    const { outputs } = await engine.infer({ ...request, inputs: large(500_000) });
    expect(outputs['y']?.shape).toEqual([500_000, 4]);
    expect(started()).toBe(true);
    await expect(engine.infer({ ...request, inputs: large(4_000_000), timeoutMs: 5 })).rejects.toMatchObject({
      code: 'ScoringTimeout',
    });
    await engine.infer({ ...request, inputs: large(500_000) });
  });
});
