import { batchPaths } from '@edgewright/contract';
import type { BatchFailure, BatchState, BatchStatus } from '@edgewright/contract';
import type { PlanTotal } from '../input/mini-batch.ts';
import type { Place } from '../places/place.ts';
import type { JobLog } from './job-log.ts';

export interface NodeProgressOptions {
  readonly place: Place;
  readonly log: JobLog;
  readonly shard: { readonly index: number; readonly count: number };
  readonly node: string;
  readonly processId: number;
  /** Milliseconds since the beginning of time. */
  readonly now: () => number;
  /** Least milliseconds between two writes. */
  readonly everyMs: number;
}

/** How far a node is: counted here, and written to its state and to the overview of the log. */
export class NodeProgress {
  readonly #options: NodeProgressOptions;
  readonly #started: number;
  #state: BatchState = 'Preparing';
  #total: BatchStatus['total'];
  #succeeded = 0;
  #failed = 0;
  #done = 0;
  #failedBatches = 0;
  #reused = 0;
  #reusedItems = 0;
  #running = 0;
  #workers = 0;
  #replaced = 0;
  #first: BatchFailure | undefined;
  #reason: string | undefined;
  #ended: number | undefined;
  #written = 0;
  #writing = Promise.resolve();

  constructor(options: NodeProgressOptions) {
    this.#options = options;
    this.#started = options.now();
  }

  get counts(): { readonly failed: number; readonly failedMiniBatches: number } {
    return { failed: this.#failed, failedMiniBatches: this.#failedBatches };
  }

  planned({ perNode }: PlanTotal): void {
    this.#total = perNode[this.#options.shard.index] ?? { items: 0, miniBatches: 0 };
  }

  reused({ succeeded, failed }: { readonly succeeded: number; readonly failed: number }): void {
    this.#reused += 1;
    this.#reusedItems += succeeded + failed;
    this.#count({ succeeded, failed });
  }

  done(counts: { readonly succeeded: number; readonly failed: number }): void {
    this.#count(counts);
    this.touch();
  }

  /** The first that is told stays. */
  failure(failure: BatchFailure): void {
    this.#first ??= failure;
  }

  workers(count: number): void {
    this.#workers = count;
  }

  replaced(): void {
    this.#replaced += 1;
  }

  async enter(state: BatchState, reason?: string): Promise<void> {
    if (state === 'Running') this.#running = this.#options.now();
    this.#state = state;
    this.#reason = reason;
    if (['Completed', 'Failed', 'Canceled', 'Interrupted'].includes(state)) {
      this.#ended = this.#options.now();
      this.#workers = 0;
      // what ended the node is what its operator must see first
      if (state === 'Failed' && reason !== undefined) this.#first ??= { message: reason };
    }
    await this.write();
  }

  /** Writes when it is time. */
  touch(): void {
    if (this.#options.now() - this.#written >= this.#options.everyMs) void this.write();
  }

  async write(): Promise<void> {
    this.#written = this.#options.now();
    this.#writing = this.#writing.then(async () => {
      const { place, log, shard } = this.#options;
      const status = this.status();
      log.replace(overviewName(shard), overviewText(status));
      // the next one will say the same, and more
      await place
        .write(`${batchPaths.nodes}${shard.index}/status.json`, JSON.stringify(status), { isLoose: true })
        .catch(() => {});
    });
    await this.#writing;
  }

  status(): BatchStatus {
    const { shard, node, processId, now } = this.#options;
    const seconds = this.#running === 0 ? 0 : ((this.#ended ?? now()) - this.#running) / 1000;
    const items = this.#succeeded + this.#failed - this.#reusedItems;
    const time = (at: number) => new Date(at).toISOString();
    return {
      schemaVersion: 1,
      state: this.#state,
      shard,
      node,
      processId,
      ...(this.#total === undefined ? {} : { total: this.#total }),
      succeededItems: this.#succeeded,
      failedItems: this.#failed,
      doneMiniBatches: this.#done,
      failedMiniBatches: this.#failedBatches,
      reusedMiniBatches: this.#reused,
      itemsPerSecond: seconds > 0 ? items / seconds : 0,
      workers: this.#workers,
      workersReplaced: this.#replaced,
      ...(this.#first === undefined ? {} : { firstFailure: this.#first }),
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      startedTime: time(this.#started),
      updatedTime: time(now()),
      ...(this.#ended === undefined ? {} : { endedTime: time(this.#ended) }),
    };
  }

  #count({ succeeded, failed }: { readonly succeeded: number; readonly failed: number }): void {
    this.#succeeded += succeeded;
    this.#failed += failed;
    this.#done += 1;
    if (succeeded === 0) this.#failedBatches += 1;
  }
}

function overviewName({ index, count }: BatchStatus['shard']): string {
  return count === 1 ? 'job_progress_overview.txt' : `job_progress_overview.${index}.txt`;
}

/** For people; what went wrong stands at the top. */
function overviewText(status: BatchStatus): string {
  const { total, firstFailure: first, reason, shard } = status;
  const of = (count: number, all: number | undefined) => (all === undefined ? String(count) : `${count} of ${all}`);
  const lines = [
    ...(reason === undefined ? [] : [`${status.state}: ${reason}`]),
    ...(first === undefined
      ? []
      : [`first failure: ${first.item === undefined ? '' : `${first.item}: `}${first.message}`]),
    ...(first?.log ?? []).map((line) => `    ${line}`),
    `state: ${status.state}`,
    `node: ${status.node}, ${shard.index + 1} of ${shard.count}`,
    `mini-batches: ${of(status.doneMiniBatches, total?.miniBatches)} done, ${status.failedMiniBatches} of them without a result, ${status.reusedMiniBatches} of a former run`,
    `items: ${of(status.succeededItems + status.failedItems, total?.items)} done, ${status.succeededItems} succeeded, ${status.failedItems} failed`,
    `rate: ${status.itemsPerSecond.toFixed(1)} items/s`,
    `workers: ${status.workers}, ${status.workersReplaced} replaced`,
    `started: ${status.startedTime}`,
    `updated: ${status.updatedTime}`,
  ];
  return `${lines.join('\n')}\n`;
}
