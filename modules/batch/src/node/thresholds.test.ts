import { expect, it } from 'vitest';
import { thresholdPassed } from './thresholds.ts';

const none = { errorThreshold: -1, allowedFailedCount: -1, allowedFailedPercent: 100 };

it.each([
  [{ errorThreshold: 10 }, { failed: 10, failedMiniBatches: 0 }, undefined],
  [{ errorThreshold: 10 }, { failed: 11, failedMiniBatches: 0 }, '11 items failed, and errorThreshold is 10'],
  [{ errorThreshold: 0 }, { failed: 1, failedMiniBatches: 0 }, '1 items failed, and errorThreshold is 0'],
  [{}, { failed: 100_000, failedMiniBatches: 100 }, undefined],
  [
    { allowedFailedCount: 1 },
    { failed: 20, failedMiniBatches: 2 },
    '2 mini-batches failed, and allowedFailedCount is 1',
  ],
  [{ allowedFailedPercent: 5 }, { failed: 50, failedMiniBatches: 5 }, undefined],
  [
    { allowedFailedPercent: 5 },
    { failed: 60, failedMiniBatches: 6 },
    '6.0 % of the mini-batches failed, and allowedFailedPercent is 5',
  ],
])('with %j, %j: %s', (settings, seen, reason) => {
  expect(thresholdPassed({ ...none, ...settings }, { ...seen, miniBatches: 100 })).toBe(reason);
});
