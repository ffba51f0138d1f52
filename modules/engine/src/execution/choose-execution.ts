import type { LoadedModel } from '../engine.ts';
import type { ExecutionMode } from './execution-mode.ts';
import { zeroInputs } from '../scoring/zero-inputs.ts';
import type { NamedTensors } from '../tensor.ts';
import type { WorkerLane } from '../worker/worker-lane.ts';

/** Milliseconds, the quickest of a few runs on zeros: what else the machine does only ever adds. */
export interface RunAndHop {
  readonly runMs: number;
  /** What going to the worker and back adds to a run. */
  readonly hopMs: number;
}

/** A mode and why, in a sentence. */
export interface ChosenExecution {
  readonly mode: ExecutionMode;
  readonly reason: string;
  readonly measured?: RunAndHop;
  /** Elements in the inputs of a request from which on it is too large to run inline. */
  readonly inlineElements?: number;
}

// code that has run a few times only is slow, on both sides of a hop: small models are run until it is compiled
const LEAST_RUNS = 7;
const MOST_RUNS = 100;
const ENOUGH_MS = 30;
// a run that takes longer is noticed on the event loop, whatever a hop costs; how long one takes that is larger than the one
// measured is reckoned in proportion
const MAX_INLINE_MS = 1;
// a single row says little of many: most of its time is spent on what every run costs
const MANY_ROWS = 64;

/**
 * Chooses between inline and workers for models without an entry script, by measuring both on a ready worker.
 *
 * @param processors that this process may use: with one, a worker only takes turns with the event loop, and a hop is lost time
 */
export async function chooseExecution(
  lane: WorkerLane,
  models: readonly LoadedModel[],
  processors: number,
): Promise<ChosenExecution> {
  const measured: RunAndHop[] = [];
  for (const model of models) {
    try {
      measured.push(await measure(lane, model));
    } catch {
      return { mode: 'worker', reason: `${model.name} does not run on zeros, so its cost is not known` };
    }
  }
  const runMs = Math.max(...measured.map((each) => each.runMs));
  const hopMs = Math.min(...measured.map((each) => each.hopMs));
  const facts = { measured: { runMs, hopMs } };
  const isAlone = processors === 1;
  const figures = `a run takes ${text(runMs)} ms and a hop to a worker and back ${text(hopMs)} ms${isAlone ? ', and there is one processor' : ''}`;
  if ((runMs < hopMs || isAlone) && runMs <= MAX_INLINE_MS) {
    const limits: number[] = [];
    for (const model of models) limits.push(await elementsWithin(lane, model));
    return { mode: 'inline', reason: figures, ...facts, inlineElements: Math.min(...limits) };
  }
  return { mode: 'worker', reason: figures, ...facts };
}

/** How many elements a run may have that is to be over in time. A model that takes one row only is reckoned by that. */
async function elementsWithin(lane: WorkerLane, model: LoadedModel): Promise<number> {
  for (const rows of [MANY_ROWS, 1]) {
    try {
      const { runMs } = await measure(lane, model, rows);
      return Math.ceil((countElements(zeroInputs(model.signature, rows)) * MAX_INLINE_MS) / runMs);
    } catch {
      continue;
    }
  }
  return 0;
}

async function measure(lane: WorkerLane, model: LoadedModel, rows = 1): Promise<RunAndHop> {
  const runs: number[] = [];
  const hops: number[] = [];
  const begun = performance.now();
  for (let i = 0; i < MOST_RUNS && (i < LEAST_RUNS || performance.now() - begun < ENOUGH_MS); i += 1) {
    const inputs = zeroInputs(model.signature, rows);
    const started = performance.now();
    await lane.run({ kind: 'model', model: model.name, inputs }, { requestId: 'warm-up', timeoutMs: 60_000 });
    const total = performance.now() - started;
    runs.push(lane.lastRunMs);
    hops.push(total - lane.lastRunMs);
    // heavy models need no second look, and starting should not take longer for it
    if (lane.lastRunMs > 10 * MAX_INLINE_MS) break;
  }
  return { runMs: Math.min(...runs), hopMs: Math.min(...hops) };
}

function countElements(inputs: NamedTensors): number {
  return Object.values(inputs).reduce((sum, tensor) => sum + tensor.data.length, 0);
}

function text(milliseconds: number): string {
  return milliseconds.toFixed(milliseconds < 1 ? 3 : 1);
}
