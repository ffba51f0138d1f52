import type { BatchFailure, BatchProgress, BatchState } from '@edgewright/contract';
import type { BatchRecord } from './batch-records.ts';

/** A batch job, as the verbs give it. */
export interface Batch {
  readonly name: string;
  readonly state: BatchState;
  /** Why it is in this state, unless all went well. */
  readonly reason: string | null;
  /** The first thing that went wrong. */
  readonly firstFailure: (BatchFailure & { readonly node: string }) | null;
  readonly computeType: 'local' | 'aks';
  readonly description: string | null;
  readonly models: readonly string[];
  /** Without signatures. */
  readonly inputs: readonly string[];
  readonly output: string;
  /** Null until the job is planned. */
  readonly items: number | null;
  readonly miniBatches: number | null;
  readonly succeededItems: number;
  readonly failedItems: number;
  readonly doneMiniBatches: number;
  readonly failedMiniBatches: number;
  readonly reusedMiniBatches: number;
  readonly itemsPerSecond: number;
  readonly secondsLeft: number | null;
  readonly workers: number;
  readonly workersReplaced: number;
  readonly createdTime: string;
  readonly startedTime: string | null;
  readonly endedTime: string | null;
}

/** Puts together what was submitted and what can be seen of it. */
export function batchView(
  { spec, computeType, description, createdTime }: BatchRecord,
  seen: BatchProgress | undefined,
): Batch {
  const shown = (text: string) => text.replace(/\?.*$/s, '');
  return {
    name: spec.name,
    state: seen?.state ?? 'NotStarted',
    reason: seen?.reason ?? null,
    firstFailure: seen?.firstFailure ?? null,
    computeType,
    description: description ?? null,
    models: spec.models,
    inputs: spec.job.inputs.map(shown),
    output: shown(spec.job.output),
    items: seen?.items ?? null,
    miniBatches: seen?.miniBatches ?? null,
    succeededItems: seen?.succeededItems ?? 0,
    failedItems: seen?.failedItems ?? 0,
    doneMiniBatches: seen?.doneMiniBatches ?? 0,
    failedMiniBatches: seen?.failedMiniBatches ?? 0,
    reusedMiniBatches: seen?.reusedMiniBatches ?? 0,
    itemsPerSecond: seen?.itemsPerSecond ?? 0,
    secondsLeft: seen?.secondsLeft ?? null,
    workers: seen?.workers ?? 0,
    workersReplaced: seen?.workersReplaced ?? 0,
    createdTime,
    startedTime: seen?.startedTime ?? null,
    endedTime: seen?.endedTime ?? null,
  };
}
