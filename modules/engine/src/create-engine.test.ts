import { describe, expect, it } from 'vitest';
import { recordingLog, testEngine } from '../../../test/support/engine-fixture.ts';
import { affineOnnx, sumAndProductOnnx } from '../../../test/support/tiny-models.ts';

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
