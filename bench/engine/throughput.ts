import { createEngine } from '@edgewright/engine';
import type { Engine, EngineOptions } from '@edgewright/engine';
import path from 'node:path';
import type { Comparison, Sample } from '../harness.ts';
import { inputOf } from './models.ts';
import type { BenchModel, BenchModels } from './models.ts';
import { RawSession } from './raw-session.ts';

/** What one row of the table compares. */
interface Case {
  readonly metric: string;
  readonly model: BenchModel;
  readonly goal: number;
  /** Callers that each wait for their answer before they ask again. */
  readonly callers: number;
  readonly runs: number;
  readonly engine: Partial<EngineOptions>;
  /** Threads that the raw session is tried with; the faster one is the baseline. */
  readonly rawThreads: readonly number[];
}

/** Requests a second through the engine against the bare runtime, one run after the other. */
export function throughputComparisons({ vision, perceptron, diabetes }: BenchModels): Comparison[] {
  const cases: readonly Case[] = [
    {
      metric: `${vision.title}: one worker`,
      model: vision,
      goal: 0.95,
      callers: 4,
      runs: 300,
      engine: { execution: 'worker', workers: 1, threads: 1 },
      rawThreads: [1],
    },
    {
      metric: `${vision.title}: two workers`,
      model: vision,
      goal: 0.9,
      callers: 8,
      runs: 300,
      engine: { execution: 'worker', workers: 2, threads: 1 },
      rawThreads: [1, 2],
    },
    {
      metric: 'perceptron: 64 callers, batches',
      model: perceptron,
      goal: 3,
      callers: 64,
      runs: 32_000,
      engine: { threads: 1, batching: { maxSize: 64 } },
      rawThreads: [1],
    },
    {
      metric: 'diabetes: one at a time',
      model: diabetes,
      goal: 0.5,
      callers: 1,
      runs: 10_000,
      engine: { threads: 1 },
      rawThreads: [1],
    },
  ];
  return cases.map(comparisonOf);
}

function comparisonOf({ metric, model, goal, callers, runs, engine, rawThreads }: Case): Comparison {
  return {
    metrics: [{ metric, unit: '1/s', better: 'larger', goal }],
    ours: async () => {
      await using opened = await openEngine(model, engine);
      await callersThrough(opened, model, { callers, runs: runs / 10 });
      return { [metric]: await callersThrough(opened, model, { callers, runs }) };
    },
    baseline: async () => {
      const rates: number[] = [];
      for (const threads of rawThreads) rates.push(await rawRate(model, threads, runs));
      return { [metric]: Math.max(...rates) } satisfies Sample;
    },
  };
}

/** An engine for one model of the bench. */
export function openEngine(model: BenchModel, options: Partial<EngineOptions>): Promise<Engine> {
  return createEngine({
    models: [{ name: 'model', version: 1, path: model.path, format: 'onnx' }],
    modelDirectory: path.dirname(model.path),
    backend: 'onnx',
    ...options,
  });
}

/** @returns requests a second */
export async function callersThrough(
  engine: Engine,
  model: BenchModel,
  { callers, runs }: { readonly callers: number; readonly runs: number },
): Promise<number> {
  let begun = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (begun < runs) {
        begun += 1;
        await engine.infer({ requestId: 'bench', inputs: inputOf(model) });
      }
    }),
  );
  return (begun / (performance.now() - start)) * 1000;
}

async function rawRate(model: BenchModel, threads: number, runs: number): Promise<number> {
  await using session = await RawSession.open(model, threads);
  for (let i = 0; i < runs / 10; i += 1) await session.run();
  const start = performance.now();
  for (let i = 0; i < runs; i += 1) await session.run();
  return (runs / (performance.now() - start)) * 1000;
}
