import { mkdir } from 'node:fs/promises';
import { isEdgewrightError, messageOf, settleBatchJob } from '@edgewright/contract';
import { createEngine } from '@edgewright/engine';
import type { Engine, EngineLogger } from '@edgewright/engine';
import { isBlobAddress } from '../places/blob-address.ts';
import { PartStore } from '../node/part-store.ts';
import { openInput, openPlace } from '../places/open-place.ts';
import { MiniBatchScorer } from '../score/mini-batch-scorer.ts';
import type { FromWorker, ToWorker, WorkerChannel, WorkerConfig, WorkerFailure, WorkerTask } from './protocol.ts';

interface Opened {
  readonly engine: Engine;
  readonly scorer: MiniBatchScorer;
  readonly parts: PartStore;
}

/**
 * The program of a worker process: it loads the models once and calls `init()`, then scores one mini-batch after the other and
 * writes the part of each. It may be killed at any moment: a part is there whole or not at all.
 *
 * @returns when it is told to close
 */
export async function runBatchWorker(channel: WorkerChannel): Promise<void> {
  let opened: Opened | undefined;
  await new Promise<void>((resolve) => {
    // one message at a time: the coordinator waits for each answer
    let turn = Promise.resolve();
    channel.receive((message) => {
      turn = turn.then(async () => {
        if (message.kind === 'close') resolve();
        else opened = await take(message, opened, channel);
      });
    });
  });
  await opened?.engine[Symbol.asyncDispose]();
}

async function take(
  message: Exclude<ToWorker, { kind: 'close' }>,
  opened: Opened | undefined,
  channel: WorkerChannel,
): Promise<Opened | undefined> {
  if (message.kind === 'open') {
    try {
      const ready = await open(message.config, channel);
      const { backend, execution, entryScript } = ready.engine.describe();
      const how = entryScript ? 'by its entry script' : 'by the model as it is';
      channel.send({ kind: 'ready', description: `${how}, on the backend ${backend}, ${execution.threads} threads` });
      return ready;
    } catch (error) {
      channel.send({ kind: 'notOpened', failure: failureOf(error) });
      return undefined;
    }
  }
  channel.send(await score(message.task, opened));
  return opened;
}

async function open(
  { place, access, job: written, engine: options }: WorkerConfig,
  channel: WorkerChannel,
): Promise<Opened> {
  const job = settleBatchJob(written);
  const [jobPlace, inputs] = await Promise.all([
    openPlace(place, access),
    Promise.all(job.inputs.map((text) => openInput(text, access))),
  ]);
  // in this very process: it is the one that is ended when a script does not answer
  const engine = await createEngine({
    ...options,
    execution: 'inline',
    log: loggerTo(channel),
    scriptSurroundings: {
      arguments: job.arguments,
      sideInputs: job.sideInputs,
      ...(isBlobAddress(job.output) ? {} : { outputDirectory: await madeFolder(job.output) }),
    },
  });
  return { engine, scorer: new MiniBatchScorer({ job, engine, inputs }), parts: new PartStore(jobPlace) };
}

async function score(task: WorkerTask, opened: Opened | undefined): Promise<FromWorker> {
  try {
    if (opened === undefined) throw new TypeError('the worker was given a mini-batch before it was ready');
    const { batch, table, attempt, from, to } = task;
    const result = await opened.scorer.score({ batch, table, attempt, from, to });
    // a part of a mini-batch is put together with the others by the coordinator
    if (from > 0 || to < batch.items) return { kind: 'done', done: result };
    await opened.parts.write(batch.index, result);
    const { rows: _rows, failures: _failures, ...counts } = result;
    return { kind: 'done', done: counts };
  } catch (error) {
    return { kind: 'failed', failure: failureOf(error) };
  }
}

async function madeFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return folder;
}

function failureOf(error: unknown): WorkerFailure {
  return { message: messageOf(error), ...(isEdgewrightError(error) ? { code: error.code } : {}) };
}

function loggerTo(channel: WorkerChannel): EngineLogger {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') => (facts: Readonly<Record<string, unknown>>, text: string) => {
      const shown = Object.keys(facts).length === 0 ? '' : ` ${safeJson(facts)}`;
      channel.send({ kind: 'log', level, text: `${text}${shown}` });
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** What a script logs may be anything, cycles included. */
function safeJson(facts: unknown): string {
  try {
    return JSON.stringify(facts);
  } catch (error) {
    return `(facts that cannot be written: ${messageOf(error)})`;
  }
}
