import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchPaths, BatchJobSchema, checkDocument, isEdgewrightError, messageOf, parseJson, settleBatchJob } from '@edgewright/contract'; // prettier-ignore
import type { BatchState, SettledBatchJob } from '@edgewright/contract';
import { BatchError } from '../batch-error.ts';
import type { PlanTotal } from '../input/mini-batch.ts';
import { PlanFile } from '../input/plan-file.ts';
import { planJob } from '../input/plan-job.ts';
import { openPlace } from '../places/open-place.ts';
import type { Place } from '../places/place.ts';
import { JobLog } from './job-log.ts';
import { lockJob } from './job-lock.ts';
import { mergeParts } from './merge-parts.ts';
import type { NodeSession, RunBatchNodeOptions } from './node-session.ts';
import { NodeProgress } from './node-progress.ts';
import { PartStore } from './part-store.ts';
import { runMiniBatches } from './run-mini-batches.ts';

/** How a node ended. */
export type BatchNodeEnd = Extract<BatchState, 'Completed' | 'Failed' | 'Canceled' | 'Interrupted'>;

/** Cancelled by whoever submitted the job. */
class Cancelled extends BatchError {
  constructor() {
    super('JobCanceled', 'the job was cancelled');
  }
}

/** How often a node looks whether the job was cancelled, and writes how far it is: a folder, or a container. */
const PACE = { folder: { lookMs: 300, writeMs: 400 }, blob: { lookMs: 3000, writeMs: 5000 } } as const;
/** How long the other nodes wait for the first one's plan. */
const PLAN_PATIENCE_MS = 3_600_000;

/**
 * Runs the share of a job that belongs to one node: every mini-batch whose number leaves the node's index when divided by the count of
 * nodes. What is done already is not done again. The node that finds all parts there merges them.
 *
 * @returns how it ended; failures of the job are in its state, not thrown
 * @throws BatchError `JobInvalid`, `JobRuns`, `PlaceUnusable` when there is no job to run
 */
export async function runBatchNode(options: RunBatchNodeOptions): Promise<BatchNodeEnd> {
  const place = await openPlace(options.place, options.access);
  const job = await readJob(place, options.shard.count);
  using _lock = place.folder === undefined || options.shard.count > 1 ? undefined : await lockJob(place.folder);
  await using cleanup = new AsyncDisposableStack();
  const logFolder =
    place.folder === undefined ? await temporaryFolder(cleanup) : path.join(place.folder, batchPaths.logs);
  const log = new JobLog(logFolder);
  const pace = place.folder === undefined ? PACE.blob : PACE.folder;
  const node = `${hostname()}-${options.shard.index}`;
  const progress = new NodeProgress({
    place,
    log,
    shard: options.shard,
    node,
    processId: options.processId,
    now: Date.now,
    everyMs: pace.writeMs,
  });
  const master = `sys/${options.shard.count === 1 ? 'master_role' : `master_role.${options.shard.index}`}.txt`;
  const say = (text: string): void => {
    log.line(master, `${new Date().toISOString()} ${text}`);
    options.logger.info({ job: job.name, node }, text);
  };
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const watch = watchJob({ place, progress, log, pace, stop, signal });
  const session: NodeSession = { options, place, job, log, progress, say, node, signal };
  let end: BatchNodeEnd;
  try {
    end = await work(session);
  } catch (error) {
    end = await failedBy(error, session);
  }
  stop.abort();
  await watch;
  await log.flush(place.folder === undefined ? place : undefined);
  return end;
}

async function work(session: NodeSession): Promise<BatchNodeEnd> {
  const { options, place, job, progress, say } = session;
  const { shard } = options;
  say(`${job.name}: node ${shard.index + 1} of ${shard.count}, ${job.inputs.length} inputs`);
  await progress.enter('Preparing');
  const plan = new PlanFile(place);
  const total = await planned(plan, session);
  progress.planned(total);
  say(`planned ${total.items} items in ${total.miniBatches} mini-batches`);
  const parts = new PartStore(place);
  await runMiniBatches(session, { plan, parts, total });
  await progress.enter('Finalizing');
  const output = await openPlace(job.output, options.access);
  const result = await mergeParts({ job, total, parts, place, output });
  if (result === undefined) {
    say('done; other nodes still work, and the last one merges');
    await progress.enter('Completed');
    return 'Completed';
  }
  say(
    `merged ${result.items} items into ${output.text}: ${result.files.map(({ name, rows }) => `${name} (${rows} lines)`).join(', ')}`,
  );
  await progress.enter(result.state, result.reason);
  return result.state;
}

async function planned(plan: PlanFile, { options, job, say, signal }: NodeSession): Promise<PlanTotal> {
  if (await plan.exists()) return await plan.total();
  if (options.shard.index === 0) {
    say('planning');
    return await plan.write(untilAborted(planJob(job, options.access), signal));
  }
  say('waiting for the plan of node 1');
  const deadline = performance.now() + PLAN_PATIENCE_MS;
  while (!(await plan.exists())) {
    if (performance.now() > deadline)
      throw new BatchError('JobInvalid', `node 1 has made no plan in ${PLAN_PATIENCE_MS / 60_000} minutes`);
    await sleep(2000, undefined, { signal });
  }
  return await plan.total();
}

async function* untilAborted<Line>(lines: AsyncIterable<Line>, signal: AbortSignal): AsyncGenerator<Line> {
  for await (const line of lines) {
    signal.throwIfAborted();
    yield line;
  }
}

async function failedBy(error: unknown, { options, progress, say, log, signal }: NodeSession): Promise<BatchNodeEnd> {
  const thrown = signal.aborted ? (signal.reason as unknown) : error;
  if (thrown instanceof Cancelled) {
    say('cancelled');
    await progress.enter('Canceled');
    return 'Canceled';
  }
  if (options.signal.aborted) {
    say('told to stop; what is done stays, and the job can be resumed');
    await progress.enter('Interrupted', 'it was told to stop');
    return 'Interrupted';
  }
  const code = isEdgewrightError(error) ? ` (${error.code})` : '';
  log.line('user/error/job.txt', `${new Date().toISOString()} ${messageOf(error)}${code}`);
  say(`failed: ${messageOf(error)}${code}`);
  await progress.enter('Failed', messageOf(error));
  return 'Failed';
}

interface WatchedJob {
  readonly place: Place;
  readonly progress: NodeProgress;
  readonly log: JobLog;
  readonly pace: (typeof PACE)[keyof typeof PACE];
  readonly stop: AbortController;
  readonly signal: AbortSignal;
}

/** Looks whether the job was cancelled, and keeps its state fresh, until it ends. */
async function watchJob({ place, progress, log, pace, stop, signal }: WatchedJob): Promise<void> {
  while (!signal.aborted) {
    const isCancelled = (await place.find(batchPaths.cancel).catch(() => undefined)) !== undefined;
    if (isCancelled && !signal.aborted) stop.abort(new Cancelled());
    progress.touch();
    if (place.folder === undefined) await log.flush(place);
    await sleep(pace.lookMs, undefined, { signal }).catch(() => {});
  }
}

async function readJob(place: Place, count: number): Promise<SettledBatchJob> {
  const source = `${place.text}/${batchPaths.job}`;
  try {
    const text = (await place.read(batchPaths.job)).toString();
    const job = settleBatchJob(checkDocument(BatchJobSchema, parseJson(text, source), source));
    if (job.nodeCount === count) return job;
    throw new TypeError(`it is for ${job.nodeCount} nodes, and this is one of ${count}`);
  } catch (cause) {
    throw new BatchError('JobInvalid', `cannot run the job ${source}: ${messageOf(cause)}`, {
      details: { job: source },
      cause,
    });
  }
}

async function temporaryFolder(cleanup: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-batch-logs-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
