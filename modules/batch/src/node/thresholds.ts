import type { SettledBatchJob } from '@edgewright/contract';

/**
 * Why a job must end as Failed, if it must: Azure ML's error_threshold counts items, allowed_failed_count and allowed_failed_percent
 * mini-batches without a single result.
 */
export function thresholdPassed(
  job: Pick<SettledBatchJob, 'errorThreshold' | 'allowedFailedCount' | 'allowedFailedPercent'>,
  seen: { readonly failed: number; readonly failedMiniBatches: number; readonly miniBatches: number },
): string | undefined {
  const { errorThreshold, allowedFailedCount, allowedFailedPercent } = job;
  if (errorThreshold !== -1 && seen.failed > errorThreshold) {
    return `${seen.failed} items failed, and errorThreshold is ${errorThreshold}`;
  }
  if (allowedFailedCount !== -1 && seen.failedMiniBatches > allowedFailedCount) {
    return `${seen.failedMiniBatches} mini-batches failed, and allowedFailedCount is ${allowedFailedCount}`;
  }
  const percent = (100 * seen.failedMiniBatches) / Math.max(1, seen.miniBatches);
  if (percent > allowedFailedPercent) {
    return `${percent.toFixed(1)} % of the mini-batches failed, and allowedFailedPercent is ${allowedFailedPercent}`;
  }
  return undefined;
}
