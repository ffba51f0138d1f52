import type { SettledBatchJob } from '@edgewright/contract';
import { BatchError } from '../batch-error.ts';
import { itemText } from '../input/mini-batch.ts';
import type { MiniBatch, TableFile } from '../input/mini-batch.ts';
import { joinResults, ResultLines, resultFormatOf } from '../score/result-lines.ts';
import type { MiniBatchResult } from '../score/result-lines.ts';
import type { TaskDone, WorkerFailure } from '../worker/protocol.ts';
import type { PartStore } from './part-store.ts';
import type { WorkerLane } from './worker-lane.ts';
import type { TaskOutcome } from './worker-process.ts';

/** A mini-batch that is to be done. */
export interface PlannedBatch {
  readonly batch: MiniBatch;
  readonly table: TableFile | undefined;
  /** How often it was begun by a node that died on the way. */
  readonly formerTries: number;
}

export interface TryOptions {
  readonly job: SettledBatchJob;
  readonly parts: PartStore;
  readonly lane: WorkerLane;
  /** Hears of each try that failed. */
  readonly onFailure: (attempt: FailedTry) => void;
  readonly beforeTry: (index: number, attempt: number) => Promise<void>;
}

export interface FailedTry {
  readonly index: number;
  readonly attempt: number;
  readonly items: string;
  readonly kind: Exclude<TaskOutcome['kind'], 'done'>;
  readonly failure: WorkerFailure;
}

/** What fails every mini-batch alike: the job ends. */
const FATAL = ['ColumnsInvalid', 'ModelNotByRows'];
/** What another try changes nothing of, and what smaller parts change nothing of either. */
const HOPELESS = ['BatchInputInvalid'];
/** What another try changes nothing of, but smaller parts do. */
const AT_ONCE_IN_PARTS = ['ResultsMismatch'];
/** Items of a mini-batch that may each cost a worker; what is left of it then fails as a whole. */
const MAX_GUILTY = 32;

/**
 * Does a mini-batch: tries it as a whole up to `runMaxTry` times, and then in halves, so that an item that throws, hangs or kills its
 * worker fails alone. Its part is there when this returns.
 *
 * @throws BatchError `WorkersNotStarted`, `PlaceUnusable`, and what fails every mini-batch alike
 */
export async function tryMiniBatch(planned: PlannedBatch, options: TryOptions): Promise<TaskDone> {
  const { batch } = planned;
  const { job, parts, beforeTry } = options;
  let last: WorkerFailure | undefined;
  for (let attempt = planned.formerTries + 1; attempt <= job.runMaxTry; attempt += 1) {
    await beforeTry(batch.index, attempt);
    const outcome = await tryRange(planned, { from: 0, to: batch.items, attempt }, options);
    if (outcome.kind === 'done') return outcome.done;
    last = outcome.failure;
    if (HOPELESS.includes(last.code ?? '')) return await keep(failRange(planned, { from: 0, to: batch.items }, { job, reason: last.message })); // prettier-ignore
    if (AT_ONCE_IN_PARTS.includes(last.code ?? '')) break;
  }
  const reason = last?.message ?? `it was begun ${planned.formerTries} times, and each time its node ended`;
  return await keep(await inParts(planned, { from: 0, to: batch.items }, { ...options, state: { reason, guilty: 0 } }));

  async function keep(result: MiniBatchResult): Promise<TaskDone> {
    await parts.write(batch.index, result);
    const { rows: _rows, failures: _failures, ...counts } = result;
    return counts;
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
}

type PartOptions = TryOptions & { readonly state: { reason: string; guilty: number } };

/** A range that fails as a whole, taken apart. */
async function inParts(planned: PlannedBatch, { from, to }: Range, options: PartOptions): Promise<MiniBatchResult> {
  const { job, state } = options;
  if (to - from === 1) {
    state.guilty += 1;
    return failRange(planned, { from, to }, { job, reason: state.reason });
  }
  if (state.guilty >= MAX_GUILTY) {
    const reason = `not tried alone: ${state.guilty} items of its mini-batch failed alone before; as a whole: ${state.reason}`;
    return failRange(planned, { from, to }, { job, reason });
  }
  const middle = from + Math.ceil((to - from) / 2);
  const results: MiniBatchResult[] = [];
  for (const half of [
    { from, to: middle },
    { from: middle, to },
  ]) {
    const outcome = await tryRange(planned, { ...half, attempt: job.runMaxTry + 1 }, options);
    if (outcome.kind === 'done') {
      const { rows = '', failures = '', ...counts } = outcome.done;
      results.push({ rows, failures, ...counts });
      continue;
    }
    // what costs no worker may be taken apart to the end
    if (outcome.kind === 'failed') state.guilty -= half.to - half.from === 1 ? 1 : 0;
    state.reason = outcome.failure.message;
    results.push(await inParts(planned, half, options));
  }
  return joinResults(results);
}

async function tryRange(
  { batch, table }: PlannedBatch,
  { from, to, attempt }: Range & { readonly attempt: number },
  { lane, onFailure }: TryOptions,
): Promise<TaskOutcome> {
  const outcome = await lane.run({ batch, table, attempt, from, to });
  if (outcome.kind === 'done') return outcome;
  const first = itemText(batch, from, table);
  const items = to - from === 1 ? first : `${first} to ${itemText(batch, to - 1, table)}`;
  onFailure({ index: batch.index, attempt, items, kind: outcome.kind, failure: outcome.failure });
  const { code, message } = outcome.failure;
  if (FATAL.includes(code ?? '')) throw new BatchError('JobFailed', message, { details: { code } });
  return outcome;
}

function failRange(
  { batch, table }: PlannedBatch,
  { from, to }: Range,
  { job, reason }: { readonly job: SettledBatchJob; readonly reason: string },
): MiniBatchResult {
  const lines = new ResultLines(batch, table, { format: resultFormatOf(job.appendRowFileName), isKept: false });
  for (let i = from; i < to; i += 1) lines.fail(i, reason);
  return lines.result;
}
