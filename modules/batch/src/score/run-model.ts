import { messageOf } from '@edgewright/contract';
import { classify } from '@edgewright/engine';
import type { Engine, InferResult } from '@edgewright/engine';
import { BatchError } from '../batch-error.ts';
import type { RowPlan } from './resolve-columns.ts';
import { rowsToTensors } from './rows-to-tensors.ts';
import { tensorsToResults } from './tensors-to-results.ts';

/** Rows for one run of a model. */
export interface ModelRun {
  readonly rows: readonly (readonly unknown[])[];
  readonly plan: RowPlan;
}

/** Hears what became of each row, in any order. */
export interface RowSink {
  readonly done: (at: number, json: string) => void;
  readonly failed: (at: number, reason: string) => void;
}

/**
 * Runs a model on rows in one run; when that fails, in halves, until the rows that make it fail are alone.
 *
 * @throws BatchError `ModelNotByRows`
 */
export async function runModel(engine: Engine, { rows, plan }: ModelRun, sink: RowSink): Promise<void> {
  const { inputs, good, faults } = rowsToTensors(rows, plan);
  for (const [at, reason] of faults) sink.failed(at, reason);
  if (good.length === 0) return;
  try {
    const texts = resultsOf(await engine.infer({ requestId: 'batch', inputs }), good.length);
    for (const [i, at] of good.entries()) sink.done(at, texts[i] ?? 'null');
  } catch (error) {
    if (error instanceof BatchError) throw error;
    const [only] = good;
    if (only !== undefined && good.length === 1) {
      sink.failed(only, messageOf(error));
      return;
    }
    const middle = Math.ceil(good.length / 2);
    for (const half of [good.slice(0, middle), good.slice(middle)]) {
      const some = half.map((at) => rows[at] ?? []);
      await runModel(
        engine,
        { rows: some, plan },
        {
          done: (i, json) => sink.done(half[i] ?? -1, json),
          failed: (i, reason) => sink.failed(half[i] ?? -1, reason),
        },
      );
    }
  }
}

function resultsOf({ outputs, engine: { classes } }: InferResult, rows: number): readonly string[] {
  if (classes === undefined) return tensorsToResults(outputs, rows);
  const named = classify(outputs, classes);
  if (named.length === rows) return named.map((each) => JSON.stringify(each));
  throw new BatchError('ModelNotByRows', `the model gives the classes of ${named.length} rows when it is given ${rows}: write an entry script`); // prettier-ignore
}
