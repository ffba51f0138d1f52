import process from 'node:process';
import { messageOf } from '@edgewright/contract';
import { canBatch, createEngine, diagnoseEngine } from '@edgewright/engine';
import type { Engine } from '@edgewright/engine';
import { makeRequests } from './make-requests.ts';
import type { Requests } from './make-requests.ts';
import type { MeasureJob, Measured, MeasureMessage, MeasureRequest } from './measure-job.ts';
import { peakMemory } from './peak-memory.ts';
import { runLoad } from './run-load.ts';

// The program of one candidate: it loads the model its way, is under load for a time, and tells what it found. A process of its own makes
// the memory its own, and a crash the candidate's.

/** Code that has run a few times only is slow: a share of the window, which does not count. */
const WARM_UP_SHARE = 0.25;
const LEAST_WARM_UP_MS = 50;

async function measure(job: MeasureJob): Promise<Measured> {
  const started = performance.now();
  await using engine = await createEngine(job.engine);
  const startMs = performance.now() - started;
  const requests = makeRequests(engine, job.samples, job.seed);
  const answers = job.wantsAnswers ? await answersOf(requests) : undefined;
  await runLoad(requests, job.load, Math.max(LEAST_WARM_UP_MS, job.windowMs * WARM_UP_SHARE));
  send({ type: 'loadBegins' });
  const result = await runLoad(requests, job.load, job.windowMs);
  send({ type: 'loadEnds' });
  return {
    ...result,
    startMs,
    rssBytes: (await peakMemory(process.pid)) ?? process.memoryUsage.rss(),
    ...(answers === undefined ? {} : { answers }),
    ...describe(engine),
  };
}

function describe(engine: Engine): Pick<Measured, 'backend' | 'execution' | 'canBatch'> {
  const { backend, execution, entryScript, models } = engine.describe();
  const { mode, workers, threads } = execution;
  return {
    backend,
    execution: { mode, workers, threads },
    canBatch: !entryScript && models.every(({ signature }) => canBatch(signature)),
  };
}

async function answersOf(requests: Requests): Promise<number[][]> {
  const answers: number[][] = [];
  for (let at = 0; at < requests.count; at += 1) answers.push(await requests.numbers(at));
  return answers;
}

function send(message: MeasureMessage): void {
  process.send?.(message);
}

// whoever started it is gone: nobody would read what it finds
process.on('disconnect', () => process.exit(1));
// signals of the terminal go to the whole group: the one that started this decides what they mean
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

async function answer(request: MeasureRequest): Promise<MeasureMessage> {
  try {
    return request.kind === 'measure'
      ? { type: 'measured', measured: await measure(request.job) }
      : { type: 'diagnosed', report: await diagnoseEngine() };
  } catch (error) {
    return { type: 'failed', reason: messageOf(error) };
  }
}

process.once('message', (request: MeasureRequest) => void answer(request).then(send));
send({ type: 'ready' });
