import type { BatchFailure, BatchResult, BatchState, BatchStatus } from './batch-status.ts';
import { isFinalBatchState } from './batch-status.ts';

/** How far a job is, all nodes together. */
export interface BatchProgress {
  readonly state: BatchState;
  /** Undefined until the job is planned. */
  readonly items?: number;
  readonly miniBatches?: number;
  readonly succeededItems: number;
  readonly failedItems: number;
  readonly doneMiniBatches: number;
  readonly failedMiniBatches: number;
  readonly reusedMiniBatches: number;
  readonly itemsPerSecond: number;
  /** Undefined while nothing is known of the rate. */
  readonly secondsLeft?: number;
  readonly workers: number;
  readonly workersReplaced: number;
  /** Of the process that runs a job of one node. */
  readonly processId?: number;
  readonly nodes: { readonly wanted: number; readonly seen: number };
  readonly firstFailure?: BatchFailure & { readonly node: string };
  readonly reason?: string;
  readonly startedTime?: string;
  readonly endedTime?: string;
}

/**
 * What several nodes say of their shares as one state. The result counts more than what nodes say: once it is there, the job is
 * done.
 */
export function combineBatchStatus(
  statuses: readonly BatchStatus[],
  { nodes, result }: { readonly nodes: number; readonly result?: BatchResult | undefined },
): BatchProgress {
  const sum = (pick: (status: BatchStatus) => number) => statuses.reduce((total, status) => total + pick(status), 0);
  const known = statuses.length === nodes ? statuses.flatMap(({ total }) => total ?? []) : [];
  const isPlanned = known.length === nodes;
  const items = result?.items ?? (isPlanned ? known.reduce((total, each) => total + each.items, 0) : undefined);
  const miniBatches =
    result?.miniBatches ?? (isPlanned ? known.reduce((total, each) => total + each.miniBatches, 0) : undefined);
  const state = result?.state ?? stateOf(statuses, nodes);
  const running = statuses.filter((status) => !isFinalBatchState(status.state));
  const itemsPerSecond = (running.length === 0 ? statuses : running).reduce(
    (rate, each) => rate + each.itemsPerSecond,
    0,
  );
  const succeededItems = result?.succeededItems ?? sum((each) => each.succeededItems);
  const failedItems = result?.failedItems ?? sum((each) => each.failedItems);
  const left = items === undefined ? undefined : items - succeededItems - failedItems;
  const failed = statuses
    .filter(({ firstFailure }) => firstFailure !== undefined)
    // what ended a node says more than an item that failed on another
    .toSorted((a, b) => Number(b.state === 'Failed') - Number(a.state === 'Failed') || a.updatedTime.localeCompare(b.updatedTime))[0]; // prettier-ignore
  const reason =
    result?.reason ?? statuses.find((status) => status.state === state && status.reason !== undefined)?.reason;
  const started = statuses.map(({ startedTime }) => startedTime).toSorted()[0];
  const ended = statuses
    .flatMap(({ endedTime }) => endedTime ?? [])
    .toSorted()
    .at(-1);
  return {
    state,
    ...(items === undefined ? {} : { items }),
    ...(miniBatches === undefined ? {} : { miniBatches }),
    succeededItems,
    failedItems,
    doneMiniBatches: result?.miniBatches ?? sum((each) => each.doneMiniBatches),
    failedMiniBatches: result?.failedMiniBatches ?? sum((each) => each.failedMiniBatches),
    reusedMiniBatches: sum((each) => each.reusedMiniBatches),
    itemsPerSecond,
    ...(left === undefined || itemsPerSecond <= 0 || isFinalBatchState(state)
      ? {}
      : { secondsLeft: left / itemsPerSecond }),
    workers: sum((each) => each.workers),
    workersReplaced: sum((each) => each.workersReplaced),
    ...(nodes === 1 && statuses[0]?.processId !== undefined ? { processId: statuses[0].processId } : {}),
    nodes: { wanted: nodes, seen: statuses.length },
    ...(failed?.firstFailure === undefined ? {} : { firstFailure: { ...failed.firstFailure, node: failed.node } }),
    ...(reason === undefined ? {} : { reason }),
    ...(started === undefined ? {} : { startedTime: started }),
    ...(ended === undefined || !isFinalBatchState(state) ? {} : { endedTime: ended }),
  };
}

function stateOf(statuses: readonly BatchStatus[], nodes: number): BatchState {
  const states = statuses.map(({ state }) => state);
  if (states.length === 0) return 'NotStarted';
  for (const state of ['Failed', 'Canceled', 'CancelRequested', 'Interrupted'] as const) {
    if (states.includes(state)) return state;
  }
  // all shares are done, and whoever was last merges
  if (states.length === nodes && states.every((state) => state === 'Completed' || state === 'Finalizing'))
    return 'Finalizing';
  return states.includes('Running') || states.includes('Completed') ? 'Running' : 'Preparing';
}
