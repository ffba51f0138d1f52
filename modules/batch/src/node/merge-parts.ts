import { batchPaths, FAILED_ITEMS_FILE } from '@edgewright/contract';
import type { BatchResult, SettledBatchJob } from '@edgewright/contract';
import type { PlanTotal } from '../input/mini-batch.ts';
import type { Place } from '../places/place.ts';
import { CSV_HEADER, resultFormatOf } from '../score/result-lines.ts';
import type { Part, PartStore } from './part-store.ts';
import { thresholdPassed } from './thresholds.ts';

export interface MergeOptions {
  readonly job: SettledBatchJob;
  readonly total: PlanTotal;
  readonly parts: PartStore;
  readonly place: Place;
  readonly output: Place;
}

/**
 * Puts the parts of a job together in the order of its input, each once, when all of them are there: the results, and the items that
 * failed. A file appears whole; whoever merges again writes the same.
 *
 * @returns undefined while parts are missing
 */
export async function mergeParts(options: MergeOptions): Promise<BatchResult | undefined> {
  const { job, total, parts, place, output } = options;
  const sums = { miniBatches: 0, succeeded: 0, failed: 0, failedMiniBatches: 0 };
  for await (const part of parts.list()) {
    sums.miniBatches += 1;
    sums.succeeded += part.succeeded;
    sums.failed += part.failed;
    if (part.succeeded === 0) sums.failedMiniBatches += 1;
  }
  if (sums.miniBatches < total.miniBatches) return undefined;
  const files = [];
  if (job.outputAction === 'append_row') {
    const name = job.appendRowFileName;
    const head = resultFormatOf(name) === 'csv' ? CSV_HEADER : '';
    const sizeBytes = await output.writeFrom(
      name,
      joined(parts, (part) => parts.rows(part), head),
    );
    files.push({ name, rows: sums.succeeded, sizeBytes });
  }
  const withFailures = (part: Part) => (part.failed === 0 ? none() : parts.failures(part));
  // an empty one says that nothing failed, and takes the place of one of a former run
  const failedBytes = await output.writeFrom(FAILED_ITEMS_FILE, joined(parts, withFailures, ''));
  files.push({ name: FAILED_ITEMS_FILE, rows: sums.failed, sizeBytes: failedBytes });
  const reason = thresholdPassed(job, { ...sums, miniBatches: total.miniBatches }) ?? (sums.succeeded === 0 ? 'no item succeeded' : undefined); // prettier-ignore
  const result: BatchResult = {
    schemaVersion: 1,
    state: reason === undefined ? 'Completed' : 'Failed',
    ...(reason === undefined ? {} : { reason }),
    items: total.items,
    succeededItems: sums.succeeded,
    failedItems: sums.failed,
    miniBatches: total.miniBatches,
    failedMiniBatches: sums.failedMiniBatches,
    files,
    mergedTime: new Date().toISOString(),
  };
  await place.write(batchPaths.result, `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

async function* joined(
  parts: PartStore,
  read: (part: Part) => AsyncIterable<Uint8Array>,
  head: string,
): AsyncIterable<Uint8Array> {
  if (head !== '') yield Buffer.from(head);
  for await (const part of parts.list()) yield* read(part);
}

async function* none(): AsyncIterable<Uint8Array> {}
