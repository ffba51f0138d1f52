import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { EngineSettings } from '@edgewright/contract';
import { tune } from '@edgewright/tune';
import { inputOf, writeModels } from './engine/models.ts';
import type { BenchModel } from './engine/models.ts';
import { openEngine } from './engine/throughput.ts';
import { quantile } from './harness.ts';
import type { Bench, Comparison, Sample } from './harness.ts';

const DIGITS = fileURLToPath(new URL('../examples/digits/models/digits.onnx', import.meta.url));
/** Callers that each wait for their answer before they ask again, for tuning and for measuring. */
const CALLERS = 8;
const BUDGET_MS = 60_000;
const WINDOW_MS = 2_000;

/** What tuning found against the default, measured anew: throughput, under the bound on latency that tuning kept to. */
export async function tuneBench(): Promise<Bench> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const { diabetes, vision } = await writeModels(folder);
  const digits: BenchModel = { title: 'digits', path: DIGITS, input: 'image', shape: [1, 1, 8, 8] };
  const models = [diabetes, digits, ...(process.env['EDGEWRIGHT_FACE_MODEL'] === undefined ? [] : [vision])];
  const comparisons: Comparison[] = [];
  for (const model of models) comparisons.push(await comparisonOf(model));
  const closing = cleanup.move();
  return { comparisons, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

async function comparisonOf(model: BenchModel): Promise<Comparison> {
  process.stderr.write(`tune: tuning ${model.title} for ${BUDGET_MS / 1000} s\n`);
  const { best, isDefault, bounds, reason } = await tune({
    engine: {
      models: [{ name: model.title, version: 1, path: model.path, format: 'onnx' }],
      modelDirectory: path.dirname(model.path),
      backend: 'auto',
    },
    load: { concurrency: CALLERS },
    budgetMs: BUDGET_MS,
  });
  process.stderr.write(`tune: ${model.title}: ${best?.name ?? 'nothing'}: ${reason}\n`);
  const rate = `${model.title}: ${best?.name ?? 'nothing'}`;
  const latency = `${model.title}: p99`;
  const measure = async (settings: EngineSettings): Promise<Sample> => {
    const { throughput, p99Ms } = await underLoad(model, settings);
    return { [rate]: throughput, [latency]: p99Ms };
  };
  // where the default is best there is one thing to measure, not two: both sides of a round are the same sample
  let shared: Promise<Sample> | undefined;
  const once = async (settings: EngineSettings): Promise<Sample> => {
    if (!isDefault) return await measure(settings);
    const sample = shared ?? measure(settings);
    shared = shared === undefined ? sample : undefined;
    return await sample;
  };
  return {
    metrics: [
      { metric: rate, unit: '1/s', better: 'larger', goal: 1 },
      {
        metric: latency,
        unit: 'ms',
        better: 'smaller',
        limit: { of: 'ours', atMost: bounds.maxP99Ms ?? Number.POSITIVE_INFINITY },
      },
    ],
    ours: () => once(best?.settings ?? {}),
    baseline: () => once({}),
  };
}

async function underLoad(model: BenchModel, settings: EngineSettings): Promise<{ throughput: number; p99Ms: number }> {
  await using engine = await openEngine(model, { backend: 'auto', ...settings });
  const latencies: number[] = [];
  const run = async (windowMs: number): Promise<number> => {
    latencies.length = 0;
    const begun = performance.now();
    let lastTurn = begun;
    const caller = async (): Promise<void> => {
      while (performance.now() - begun < windowMs) {
        const started = performance.now();
        await engine.infer({ requestId: 'bench', inputs: inputOf(model) });
        latencies.push(performance.now() - started);
        if (performance.now() - lastTurn < 5) continue;
        lastTurn = performance.now();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    return performance.now() - begun;
  };
  await run(WINDOW_MS / 4);
  const elapsedMs = await run(WINDOW_MS);
  return { throughput: (latencies.length / elapsedMs) * 1000, p99Ms: quantile(latencies, 0.99) };
}
