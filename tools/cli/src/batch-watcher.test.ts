import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { Batch } from '@edgewright/workspace';
import { batchText } from './batch-text.ts';
import { batchWatcher } from './batch-watcher.ts';
import { Invocation } from './invocation.ts';

const batch: Batch = {
  name: 'nightly',
  state: 'Running',
  reason: null,
  firstFailure: null,
  computeType: 'local',
  description: null,
  models: ['m:1'],
  inputs: ['in'],
  output: 'out',
  items: 200,
  miniBatches: 20,
  succeededItems: 0,
  failedItems: 0,
  doneMiniBatches: 0,
  failedMiniBatches: 0,
  reusedMiniBatches: 0,
  itemsPerSecond: 0,
  secondsLeft: null,
  workers: 2,
  workersReplaced: 0,
  createdTime: '2019-06-01T00:00:00.000Z',
  startedTime: null,
  endedTime: null,
};

function watch(isTTY: boolean, seen: readonly Batch[]): string {
  let written = '';
  const stream = { write: (text: string) => (written += text), isTTY, columns: 100 };
  const context = { argv: [], environment: {}, currentDirectory: '/', stdin: Readable.from([]), stdout: stream, stderr: stream, signal: new AbortController().signal, program: [] }; // prettier-ignore
  const show = batchWatcher(new Invocation(context));
  for (const each of seen) show(each);
  return written;
}

const seen = [0, 5, 10, 25, 200].map((succeededItems) => ({
  ...batch,
  succeededItems,
  itemsPerSecond: succeededItems / 2,
  secondsLeft: succeededItems === 0 ? null : 3725 / succeededItems,
}));

it('writes a line for every tenth where there is no terminal', () => {
  expect(watch(false, seen).trim().split('\n')).toEqual([
    'Running: 0 of 200 items',
    'Running: 25 of 200 items, 13 items/s, 2 min 29 s left',
    'Running: 200 of 200 items, 100 items/s, 19 s left',
  ]);
});

it('draws a bar with rate and time left on a terminal', () => {
  const shown = watch(true, [
    { ...batch, succeededItems: 200, failedItems: 0, itemsPerSecond: 9.5, secondsLeft: 3725 },
  ]);
  expect(shown).toContain('[########################] 100% Running: 200 of 200 items, 9.5 items/s, 1 h 2 min left');
});

it('puts what went wrong on top', () => {
  const failed: Batch = { ...batch, state: 'Failed', reason: '2 items failed', firstFailure: { node: 'n', item: 'a.csv row 7', miniBatch: 3, message: 'too old' } }; // prettier-ignore
  expect(batchText(failed).split('\n').slice(0, 3)).toEqual([
    'state:         Failed',
    'reason:        2 items failed',
    'first failure: a.csv row 7, mini-batch 3: too old',
  ]);
});
