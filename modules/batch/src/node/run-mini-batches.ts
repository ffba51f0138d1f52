import type { BatchFailure } from '@edgewright/contract';
import { BatchError } from '../batch-error.ts';
import type { PlanTotal, TableFile } from '../input/mini-batch.ts';
import type { PlanFile } from '../input/plan-file.ts';
import type { TaskDone } from '../worker/protocol.ts';
import { nodePerformance } from './node-performance.ts';
import type { PartStore } from './part-store.ts';
import type { NodeSession } from './node-session.ts';
import { thresholdPassed } from './thresholds.ts';
import { TriesJournal } from './tries-journal.ts';
import { tryMiniBatch } from './try-mini-batch.ts';
import type { FailedTry, PlannedBatch } from './try-mini-batch.ts';
import { WorkerLane } from './worker-lane.ts';

export interface MiniBatchWork {
  readonly plan: PlanFile;
  readonly parts: PartStore;
  readonly total: PlanTotal;
}

/** Loading a model, `init()` and warm-up. */
const OPEN_MS = 600_000;
const LAST_WORDS = 10;

/**
 * Does every mini-batch of this node that is not done yet, on as many workers as there are to be.
 *
 * @throws BatchError what ends the job
 */
export async function runMiniBatches(session: NodeSession, work: MiniBatchWork): Promise<void> {
  const { options, job, place, progress, say, signal } = session;
  const { shard } = options;
  const done = await reuse(session, work);
  const left = (work.total.perNode[shard.index]?.miniBatches ?? 0) - done.size;
  if (done.size > 0) say(`${done.size} mini-batches are done already`);
  if (left === 0) return;
  const journal = new TriesJournal(place, shard.index);
  await journal.read();
  const count = Math.min(left, job.processCountPerNode ?? defaultWorkers(session));
  await progress.enter('Running');
  progress.workers(count);
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);
  const planned = plannedBatches(session, work, { done, journal });
  await using cleanup = new AsyncDisposableStack();
  const lanes = Array.from({ length: count }, (_, number) =>
    cleanup.use(openLane(session, { number, count, signal: ended })),
  );
  cleanup.use(nodePerformance(session, lanes));
  say(`${left} mini-batches for ${count} workers`);
  const loops = lanes.map(async (lane, number) => {
    try {
      for await (const each of planned) {
        ended.throwIfAborted();
        await doBatch(session, work, { lane, number, each, journal });
      }
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(loops);
  signal.throwIfAborted();
  // the first one that failed ended the others
  if (failed.signal.aborted) throw failed.signal.reason;
  const rejected = outcomes.find((outcome) => outcome.status === 'rejected');
  if (rejected !== undefined) throw rejected.reason;
}

interface OneBatch {
  readonly lane: WorkerLane;
  readonly number: number;
  readonly each: PlannedBatch;
  readonly journal: TriesJournal;
}

async function doBatch(
  session: NodeSession,
  { parts, total }: MiniBatchWork,
  { lane, number, each, journal }: OneBatch,
): Promise<void> {
  const { job, log, node, progress } = session;
  const started = Date.now();
  const { index, items } = each.batch;
  const counts = await tryMiniBatch(each, {
    job,
    parts,
    lane,
    beforeTry: async (at, attempt) => await journal.begin(at, attempt),
    onFailure: (attempt) => tellFailure(session, number, attempt),
  });
  journal.end(index);
  if (counts.firstFailure !== undefined) progress.failure(failureOf(counts, index));
  progress.done(counts);
  const facts = { time: new Date(started).toISOString(), miniBatch: index, total: items, succeeded: counts.succeeded, failed: counts.failed, durationMs: Date.now() - started }; // prettier-ignore
  log.line(`sys/node/${node}/${processName(number)}.txt`, JSON.stringify(facts));
  const reason = thresholdPassed(job, { ...progress.counts, miniBatches: total.miniBatches });
  if (reason !== undefined) throw new BatchError('JobFailed', reason);
}

function failureOf({ firstFailure }: TaskDone, miniBatch: number): BatchFailure {
  return {
    message: firstFailure?.message ?? '',
    ...(firstFailure === undefined ? {} : { item: firstFailure.item }),
    miniBatch,
  };
}

function tellFailure({ log, node, progress, say }: NodeSession, number: number, attempt: FailedTry): void {
  const name = processName(number);
  const { index, items, kind, failure } = attempt;
  const lastWords = kind === 'failed' ? [] : log.last(stderrName(node, name)).slice(-LAST_WORDS);
  const text = `mini-batch ${index}, ${items}, try ${attempt.attempt}: ${failure.message}`;
  log.line(`user/error/${node}/${name}.txt`, [`${new Date().toISOString()} ${text}`, ...lastWords.map((line) => `    ${line}`)].join('\n')); // prettier-ignore
  say(text);
  progress.failure({ message: failure.message, item: items, miniBatch: index, ...(lastWords.length === 0 ? {} : { log: [...lastWords] }) }); // prettier-ignore
  if (kind !== 'failed') progress.replaced();
}

function openLane(
  session: NodeSession,
  { number, count, signal }: { number: number; count: number; signal: AbortSignal },
): WorkerLane {
  const { options, job, log, node, say } = session;
  const name = processName(number);
  const threads = options.engine.threads ?? Math.max(1, Math.floor(options.processors / count));
  const levels = ['error', 'warn', ...(job.loggingLevel === 'WARNING' ? [] : ['info']), ...(job.loggingLevel === 'DEBUG' ? ['debug'] : [])]; // prettier-ignore
  return new WorkerLane({
    timeoutMs: job.runInvocationTimeout * 1000,
    signal,
    onStart: (description, isReplacement) =>
      say(`worker ${name} ${isReplacement ? 'was replaced' : 'scores'} ${description}`),
    process: {
      start: {
        ...options.start,
        environment: { ...options.start.environment, ...deviceOf(options.start.environment, number) },
      },
      config: { place: options.place, access: options.access, job, engine: { ...options.engine, threads } },
      openMs: OPEN_MS,
      onLine: (stream, text) =>
        log.line(stream === 'stdout' ? `user/stdout/${node}/${name}.stdout.txt` : stderrName(node, name), text),
      onLog: (level, text) => {
        if (levels.includes(level)) log.line(`user/entry_script_log/${node}/${name}.log.txt`, `${new Date().toISOString()} ${level.toUpperCase()} ${text}`); // prettier-ignore
      },
    },
  });
}

/** One of several GPUs for each worker, in turn. */
function deviceOf(environment: Readonly<Record<string, string | undefined>>, number: number): Record<string, string> {
  const devices = (environment['CUDA_VISIBLE_DEVICES'] ?? '').split(',').filter((device) => device !== '');
  const device = devices[number % devices.length];
  return device === undefined ? {} : { CUDA_VISIBLE_DEVICES: device };
}

/** One for each processor; where a GPU scores, workers would only wait for each other. */
function defaultWorkers({ options }: NodeSession): number {
  const providers = options.engine.executionProviders ?? [];
  const usesGpu = providers.some((provider) =>
    /cuda|tensorrt|dml|webgpu/i.test(typeof provider === 'string' ? provider : provider.name),
  );
  return usesGpu ? 1 : options.processors;
}

function processName(number: number): string {
  return `process${String(number).padStart(3, '0')}`;
}

function stderrName(node: string, name: string): string {
  return `user/stderr/${node}/${name}.stderr.txt`;
}

/** Counts what is done, and finds the first item of it that failed. */
async function reuse({ options, progress }: NodeSession, { parts }: MiniBatchWork): Promise<ReadonlySet<number>> {
  const { index, count } = options.shard;
  const done = new Set<number>();
  let hasFailure = false;
  for await (const part of parts.list()) {
    if (part.index % count !== index) continue;
    done.add(part.index);
    progress.reused(part);
    if (part.failed === 0 || hasFailure) continue;
    hasFailure = true;
    for await (const bytes of parts.failures(part)) {
      const [line = ''] = Buffer.from(bytes).toString().split('\n', 1);
      const { file, row, error } = JSON.parse(line) as { file: string; row?: number; error: string };
      progress.failure({
        message: error,
        item: row === undefined ? file : `${file} row ${row}`,
        miniBatch: part.index,
      });
      break;
    }
  }
  return done;
}

async function* plannedBatches(
  { options }: NodeSession,
  { plan }: MiniBatchWork,
  { done, journal }: { readonly done: ReadonlySet<number>; readonly journal: TriesJournal },
): AsyncGenerator<PlannedBatch> {
  const { index: shard, count } = options.shard;
  const tables: TableFile[] = [];
  for await (const line of plan.lines()) {
    if (line.kind === 'table') tables.push(line);
    if (line.kind !== 'rows' && line.kind !== 'files') continue;
    if (line.index % count !== shard || done.has(line.index)) continue;
    const table = line.kind === 'rows' ? tables[line.table] : undefined;
    yield { batch: line, table, formerTries: journal.formerTries(line.index) };
  }
}
