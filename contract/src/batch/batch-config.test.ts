import { describe, expect, it } from 'vitest';
import { documentIssues } from '../document.ts';
import { BatchConfigSchema } from './batch-config.ts';
import { settleBatchJob } from './batch-settings.ts';
import { combineBatchStatus } from './combine-batch-status.ts';
import type { BatchStatus } from './batch-status.ts';
import { miniBatchBytes } from './mini-batch-size.ts';

describe('the schema of batchconfig.json', () => {
  it.each([
    {},
    { name: 'score-nightly', models: ['diabetes'], inputs: ['data'], miniBatchSize: '1MB' },
    { entryScript: 'score.ts', miniBatchSize: 10, errorThreshold: -1, outputAction: 'summary_only', nodeCount: 4 },
    { appendRowFileName: 'scores 2019.csv', runInvocationTimeout: 0.5, runMaxTry: 1, loggingLevel: 'DEBUG' },
    { columns: ['a', 'b'], processCountPerNode: 2 },
    { columns: { x: ['a'], y: ['b'] }, allowedFailedCount: 0, allowedFailedPercent: 10 },
  ])('takes %j', (config) => {
    expect(documentIssues(BatchConfigSchema, config)).toEqual([]);
  });

  it.each([
    [{ name: 'No' }, '$.name'],
    [{ name: 'ends-' }, '$.name'],
    [{ miniBatchSize: 0 }, '$.miniBatchSize'],
    [{ miniBatchSize: '1 MB' }, '$.miniBatchSize'],
    [{ errorThreshold: -2 }, '$.errorThreshold'],
    [{ appendRowFileName: 'a/b.txt' }, '$.appendRowFileName'],
    [{ appendRowFileName: 'what?.txt' }, '$.appendRowFileName'],
    [{ runInvocationTimeout: 0 }, '$.runInvocationTimeout'],
    [{ runMaxTry: 0 }, '$.runMaxTry'],
    [{ outputAction: 'append' }, '$.outputAction'],
    [{ allowedFailedPercent: 101 }, '$.allowedFailedPercent'],
    [{ partitionKeys: ['country'] }, '$.partitionKeys'],
    [{ minibatchsize: 1 }, '$.minibatchsize'],
  ])('refuses %j, and says where', (config, path) => {
    expect(documentIssues(BatchConfigSchema, config).map((issue) => issue.path)).toContain(path);
  });
});

it.each([
  ['1MB', 1024 ** 2],
  ['512kb', 512 * 1024],
  ['2Gb', 2 * 1024 ** 3],
  ['100', 100],
  [100, 100],
  ['0', undefined],
  ['1kbmb', undefined],
  ['x', undefined],
])('the size %s is %s bytes', (text, bytes) => {
  expect(miniBatchBytes(text)).toBe(bytes);
});

it("has Azure ML's defaults", () => {
  const job = { schemaVersion: 1, name: 'a', inputs: ['/i'], output: '/o', sideInputs: {}, arguments: [] } as const;
  expect(settleBatchJob({ ...job, inputs: ['/i'], arguments: [], runMaxTry: 5 })).toMatchObject({
    errorThreshold: -1,
    outputAction: 'append_row',
    appendRowFileName: 'parallel_run_step.txt',
    runInvocationTimeout: 60,
    runMaxTry: 5,
    loggingLevel: 'INFO',
  });
});

describe('the state of a job', () => {
  const status = (index: number, state: BatchStatus['state'], more: Partial<BatchStatus> = {}): BatchStatus => ({
    schemaVersion: 1,
    state,
    shard: { index, count: 2 },
    node: `node-${index}`,
    total: { items: 100, miniBatches: 10 },
    succeededItems: 20,
    failedItems: 5,
    doneMiniBatches: 3,
    failedMiniBatches: 0,
    reusedMiniBatches: 0,
    itemsPerSecond: 50,
    workers: 2,
    workersReplaced: 0,
    startedTime: '2019-06-01T00:00:00.000Z',
    updatedTime: '2019-06-01T00:00:01.000Z',
    ...more,
  });

  it('adds its nodes up, and reckons the time that is left', () => {
    expect(combineBatchStatus([status(0, 'Running'), status(1, 'Running')], { nodes: 2 })).toMatchObject({
      state: 'Running',
      items: 200,
      succeededItems: 40,
      failedItems: 10,
      itemsPerSecond: 100,
      secondsLeft: 1.5,
    });
  });

  it('is Finalizing when all are done and nobody has merged yet, and what the result says then', () => {
    const done = [status(0, 'Completed'), status(1, 'Completed')];
    expect(combineBatchStatus(done, { nodes: 2 }).state).toBe('Finalizing');
    const result = { schemaVersion: 1, state: 'Failed', items: 200, succeededItems: 0, failedItems: 200, miniBatches: 20, failedMiniBatches: 20, files: [], mergedTime: '' } as const; // prettier-ignore
    expect(combineBatchStatus(done, { nodes: 2, result })).toMatchObject({ state: 'Failed', failedItems: 200 });
  });

  it('knows no total until all nodes have one, and puts what ended a node first', () => {
    const failed = status(1, 'Failed', { firstFailure: { message: 'init() failed' }, updatedTime: '2019-06-01T01:00:00.000Z' }); // prettier-ignore
    const seen = combineBatchStatus([status(0, 'Running', { firstFailure: { message: 'a row' } }), failed], {
      nodes: 3,
    });
    expect(seen).toMatchObject({ state: 'Failed', firstFailure: { message: 'init() failed', node: 'node-1' } });
    expect(seen.items).toBeUndefined();
    expect(combineBatchStatus([], { nodes: 3 }).state).toBe('NotStarted');
  });
});
