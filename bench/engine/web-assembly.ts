import type { Comparison } from '../harness.ts';
import type { BenchModels } from './models.ts';
import { callersThrough, openEngine } from './throughput.ts';

/** WebAssembly against native code, both through the engine on the caller's thread: what arm32v7 has to live with. */
export function webAssemblyComparisons({ vision, diabetes }: BenchModels): Comparison[] {
  return [
    { model: vision, runs: 60 },
    { model: diabetes, runs: 5000 },
  ].map(({ model, runs }) => {
    const metric = `${model.title}: wasm against native`;
    const measure = async (backend: 'wasm' | 'onnx'): Promise<{ [metric]: number }> => {
      await using engine = await openEngine(model, { backend, execution: 'inline', threads: 1 });
      await callersThrough(engine, model, { callers: 1, runs: runs / 10 });
      return { [metric]: await callersThrough(engine, model, { callers: 1, runs }) };
    };
    return {
      metrics: [{ metric, unit: '1/s', better: 'larger' as const }],
      ours: () => measure('wasm'),
      baseline: () => measure('onnx'),
    };
  });
}
