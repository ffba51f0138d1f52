import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine, EngineDescription, ScoreRequest, ScoreResult } from '@edgewright/engine';

/** What the stub does with a request: the value to answer with, or a throw. */
export type StubScore = (data: unknown, request: ScoreRequest) => unknown;

/** An engine without a model, for tests of hosts: `score` says what becomes of a request. */
export function createStubEngine(score: StubScore = (data) => data): Engine {
  const description: EngineDescription = {
    models: [{ name: 'stub', version: 3, signature: { inputs: [], outputs: [] } }],
    backend: 'wasm',
    backendReason: 'it is a stub',
    execution: { mode: 'inline', workers: 0, threads: 1, reason: 'it is a stub' },
    entryScript: false,
  };
  return {
    score: async (request): Promise<ScoreResult> => {
      await sleep(0);
      const value = await score(request.data, request);
      return { value, timings: { queueMs: 0, runMs: 1, totalMs: 1 }, backend: 'wasm', engine: description };
    },
    infer: () => Promise.reject(new TypeError('the stub takes no tensors')),
    swap: () => Promise.reject(new TypeError('the stub has no other models')),
    describe: () => description,
    stats: () => ({
      waiting: 0,
      running: 0,
      completed: 0,
      failed: 0,
      timedOut: 0,
      rejected: 0,
      cancelled: 0,
      workersReplaced: 0,
      swaps: 0,
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
