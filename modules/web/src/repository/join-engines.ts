import type { EngineDescription, EngineStats } from '@edgewright/engine';

/** What an engine says of itself while no model is loaded. */
export const nothingLoaded: EngineDescription = {
  models: [],
  backend: 'onnx',
  backendReason: 'no model is loaded',
  execution: { mode: 'inline', workers: 0, threads: 0, reason: 'no model is loaded' },
  entryScript: false,
};

/** Several engines as one: of what only one can say, the first one's. */
export function joinDescriptions(engines: readonly EngineDescription[]): EngineDescription {
  const [first] = engines;
  if (first === undefined || engines.length === 1) return first ?? nothingLoaded;
  const { classes: _classes, ...shared } = first;
  return {
    ...shared,
    models: engines.flatMap(({ models, backend }) => models.map((model) => ({ ...model, backend }))),
    batched: engines.flatMap(({ batched = [] }) => batched),
    // an image names no model
    images: false,
  };
}

const NONE: EngineStats = {
  waiting: 0,
  running: 0,
  completed: 0,
  failed: 0,
  timedOut: 0,
  rejected: 0,
  cancelled: 0,
  workersReplaced: 0,
  swaps: 0,
};

export function joinStats(all: readonly EngineStats[]): EngineStats {
  const names = Object.keys(NONE) as (keyof EngineStats)[];
  const sum = { ...NONE } as Record<keyof EngineStats, number>;
  for (const stats of all) for (const name of names) sum[name] += stats[name];
  return sum;
}
