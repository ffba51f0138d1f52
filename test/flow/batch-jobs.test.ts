import { spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFinalBatchState } from '@edgewright/contract';
import type { BatchJob, BatchProgress } from '@edgewright/contract';
import { LocalBatchEngine } from '@edgewright/deployers';
import type { BatchSpec } from '@edgewright/deployers';
import { Workspace } from '@edgewright/workspace';
import { layOutApp } from '@edgewright/packager';
import { affineOnnx } from '../support/tiny-models.ts';

/** What a row asks for is what its script does. */
const SCRIPT = `
  import { appendFileSync, existsSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';
  let folder = '';
  export function init(context) {
    [folder] = context.arguments;
    if (existsSync(folder + '/no-init')) throw new Error('the lookup table is missing');
  }
  export async function run(rows, { miniBatch, signal }) {
    appendFileSync(folder + '/calls', miniBatch.index + ' ' + rows.length + ' ' + miniBatch.attempt + '\\n');
    if (miniBatch.index >= 2) while (existsSync(folder + '/closed')) await sleep(20);
    if (rows.some(({ does }) => does === 'kill')) process.kill(process.pid, 'SIGKILL');
    if (rows.some(({ does }) => does === 'hang')) for (;;);
    if (rows.some(({ does }) => does === 'throw')) throw new RangeError('no such customer');
    return rows.filter(({ does }) => does !== 'leave out').map(({ n, does }) => (does === 'fail' ? new Error('too old') : n * 2));
  }`;

let root: string;
let app: string;
let engine: LocalBatchEngine;
let jobs = 0;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'edgewright-batch-'));
  const modelFile = path.join(root, 'affine.onnx');
  await writeFile(modelFile, affineOnnx());
  await writeFile(path.join(root, 'score.mjs'), SCRIPT);
  await using workspace = await Workspace.open(path.join(root, 'workspace'));
  const model = await workspace.models.register({ name: 'affine', path: modelFile });
  const directory = await workspace.models.directoryOf(model);
  const models = [{ model, directory }];
  const config = { entryScript: 'score.mjs' };
  app = (await layOutApp({ models, config, configDirectory: root, directory: path.join(root, 'app') })).directory;
  engine = new LocalBatchEngine({
    directory: path.join(root, 'jobs'),
    nodePath: process.execPath,
    environment: { PATH: process.env['PATH'] ?? '' },
  });
}, 180_000);

afterAll(() => rm(root, { recursive: true, force: true }));

interface Made {
  readonly spec: BatchSpec;
  readonly folder: string;
  readonly output: string;
}

/** A job on rows of JSON Lines that each do something. */
async function jobOf(does: readonly string[], settings: Partial<BatchJob> = {}): Promise<Made> {
  jobs += 1;
  const name = `job-${jobs}`;
  const folder = path.join(root, name);
  await mkdir(folder, { recursive: true });
  // rows of one length, so that a mini-batch of 120 bytes has four
  const rows = does.map((what, n) => `${JSON.stringify({ n, does: what }).padEnd(29)}\n`);
  await writeFile(path.join(folder, 'rows.jsonl'), rows.join(''));
  const output = path.join(folder, 'out');
  const job: BatchJob = {
    schemaVersion: 1,
    name,
    inputs: [path.join(folder, 'rows.jsonl')],
    output,
    sideInputs: {},
    arguments: [folder],
    miniBatchSize: 120,
    processCountPerNode: 1,
    runInvocationTimeout: 30,
    ...settings,
  };
  return { folder, output, spec: { name, job, artifact: app, models: ['affine:1'] } };
}

async function submit({ spec }: Made): Promise<void> {
  await engine.submit(await engine.plan(spec));
}

async function until(made: Made, reached: (seen: BatchProgress) => boolean): Promise<BatchProgress> {
  await expect
    .poll(async () => reached((await engine.observe(made.spec)) as BatchProgress), { timeout: 60_000 })
    .toBe(true);
  return (await engine.observe(made.spec)) as BatchProgress;
}

const ended = (made: Made): Promise<BatchProgress> => until(made, ({ state }) => isFinalBatchState(state));

async function linesOf(file: string): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const results = ({ output }: Made) => linesOf(path.join(output, 'parallel_run_step.txt'));
const failures = ({ output }: Made) => linesOf(path.join(output, 'failed_items.jsonl'));
const calls = async ({ folder }: Made) => (await readFile(path.join(folder, 'calls'), 'utf8')).trim().split('\n');
const oks = (count: number) => Array.from({ length: count }, () => 'ok');

describe('a batch job', () => {
  it('has every item once in its output, in order, and says of those that killed, hung, threw or failed why', async () => {
    // the one that hangs is a mini-batch by itself: it is waited for once
    const does = oks(21);
    const poison = { 1: 'kill', 9: 'throw', 14: 'fail', 17: 'leave out', 20: 'hang' } as const;
    for (const [at, what] of Object.entries(poison)) does[Number(at)] = what;
    const made = await jobOf(does, { runMaxTry: 1, runInvocationTimeout: 3, processCountPerNode: 2 });
    await submit(made);
    const seen = await ended(made);
    expect(seen).toMatchObject({ state: 'Completed', items: 21, succeededItems: 16, failedItems: 5, miniBatches: 6 });
    const good = Array.from({ length: 21 }, (_, n) => n).filter((n) => !(n in poison));
    expect((await results(made)).map(({ row, result }) => [row, result])).toEqual(good.map((n) => [n, n * 2]));
    expect((await failures(made)).map(({ row, error }) => [row, error])).toEqual([
      [1, expect.stringContaining('SIGKILL')],
      [9, expect.stringMatching(/score\.mjs.*RangeError: no such customer/)],
      [14, 'too old'],
      [17, expect.stringContaining('returned 0 results for 1 items')],
      [20, expect.stringContaining('took longer than 3 s (runInvocationTimeout)')],
    ]);
    expect(seen.workersReplaced).toBeGreaterThan(2);
    expect(seen.firstFailure?.message).toMatch(/SIGKILL|took longer|no such customer|too old|results for/);
    expect((await engine.logs(made.spec, { lines: 100 }))[0]).toMatch(/^first failure: rows\.jsonl row \d+/);
    const files = await engine.logFiles(made.spec);
    for (const part of ['sys/master_role.txt', 'user/error/', 'sys/node/', 'perf/']) {
      expect(files.filter((file) => file.startsWith(part))).not.toEqual([]);
    }
  });

  it('does nothing twice when its process is killed and it is resumed', async () => {
    const made = await jobOf(oks(20));
    await writeFile(path.join(made.folder, 'closed'), '');
    await submit(made);
    await until(made, ({ doneMiniBatches }) => doneMiniBatches === 2);
    const { processId } = (await engine.observe(made.spec)) as BatchProgress;
    process.kill(processId ?? 0, 'SIGKILL');
    expect(await ended(made)).toMatchObject({ state: 'Interrupted', reason: expect.stringContaining('resumed') });
    await rm(path.join(made.folder, 'closed'));
    await submit(made);
    expect(await ended(made)).toMatchObject({ state: 'Completed', succeededItems: 20, reusedMiniBatches: 2 });
    expect((await results(made)).map(({ row }) => row)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    const called = await calls(made);
    expect(called.filter((call) => /^[01] /.test(call))).toEqual(['0 4 1', '1 4 1']);
    // what was under way counts as tried
    expect(called).toContain('2 4 2');
  });

  it('ends when it is cancelled, whatever its script does, and goes on when it is resumed', async () => {
    const made = await jobOf(oks(12));
    await writeFile(path.join(made.folder, 'closed'), '');
    await submit(made);
    await until(made, ({ doneMiniBatches }) => doneMiniBatches === 2);
    await engine.cancel(made.spec);
    expect((await ended(made)).state).toBe('Canceled');
    expect(await engine.results(made.spec)).toEqual([]);
    await rm(path.join(made.folder, 'closed'));
    await submit(made);
    expect((await ended(made)).state).toBe('Completed');
    expect((await engine.results(made.spec)).map(({ name }) => name)).toEqual([
      'parallel_run_step.txt',
      'failed_items.jsonl',
    ]);
  });

  it('fails above its threshold, when nothing succeeds, and when init() fails, with the reason first', async () => {
    const many = await jobOf(['fail', 'ok', 'fail', 'ok', ...oks(8)], { errorThreshold: 1 });
    const none = await jobOf(['fail', 'fail'], { errorThreshold: 2, outputAction: 'summary_only' });
    const broken = await jobOf(oks(4));
    await writeFile(path.join(broken.folder, 'no-init'), '');
    await Promise.all([many, none, broken].map(submit));
    expect(await ended(many)).toMatchObject({ state: 'Failed', reason: '2 items failed, and errorThreshold is 1' });
    expect(await ended(none)).toMatchObject({ state: 'Failed', reason: 'no item succeeded', failedItems: 2 });
    expect((await engine.results(none.spec)).map(({ name }) => name)).toEqual(['failed_items.jsonl']);
    const seen = await ended(broken);
    expect(seen).toMatchObject({ state: 'Failed', reason: expect.stringContaining('the lookup table is missing') });
    expect(seen.firstFailure?.message).toContain('the lookup table is missing');
  });

  it('is divided among nodes that share nothing but its place, and the last one merges', async () => {
    const made = await jobOf(oks(20), { nodeCount: 2 });
    const place = path.join(made.folder, 'job');
    await mkdir(place);
    await writeFile(path.join(place, 'job.json'), JSON.stringify(made.spec.job));
    expect(await runNode(place, '0/2')).toBe(0);
    await expect(readFile(path.join(place, 'result.json'))).rejects.toThrow('ENOENT');
    // as Kubernetes says which node it is
    expect(await runNode(place, undefined, { JOB_COMPLETION_INDEX: '1', EDGEWRIGHT_BATCH_SHARDS: '2' })).toBe(0);
    expect(JSON.parse(await readFile(path.join(place, 'result.json'), 'utf8'))).toMatchObject({
      state: 'Completed',
      items: 20,
    });
    expect((await results(made)).map(({ row }) => row)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect((await calls(made)).map((call) => call.split(' ')[0])).toEqual(['0', '2', '4', '1', '3']);
    // whoever starts a node for a job of another size made a mistake
    expect(await runNode(place, '0/3')).not.toBe(0);
  });

  it('refuses what changed since it was planned, and a second process', async () => {
    const made = await jobOf(oks(12));
    await writeFile(path.join(made.folder, 'closed'), '');
    await submit(made);
    await until(made, ({ doneMiniBatches }) => doneMiniBatches === 2);
    await expect(submit(made)).rejects.toMatchObject({ code: 'BatchRuns' });
    await engine.cancel(made.spec);
    await ended(made);
    await appendFile(path.join(made.folder, 'rows.jsonl'), '{}\n');
    await submit(made);
    expect(await ended(made)).toMatchObject({ failedItems: 4 });
    expect((await failures(made))[0]).toMatchObject({
      row: 8,
      error: expect.stringContaining('when the job was planned'),
    });
    await engine.remove(made.spec);
    expect(await engine.observe(made.spec)).toBeUndefined();
  });
});

async function runNode(
  place: string,
  shard: string | undefined,
  variables: Record<string, string> = {},
): Promise<number> {
  const words = ['batch', 'run', '--job', place, ...(shard === undefined ? [] : ['--shard', shard])];
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', path.join(app, 'scorer/main.mjs'), ...words],
    {
      env: { PATH: process.env['PATH'] ?? '', AML_APP_ROOT: app, ...variables },
      stdio: 'ignore',
    },
  );
  return await new Promise((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
}
