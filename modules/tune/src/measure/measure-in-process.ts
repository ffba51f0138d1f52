import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@edgewright/contract';
import type { EngineReport } from '@edgewright/engine';
import type { EnergyMeter } from '../energy/energy-meter.ts';
import type { Measured, MeasureJob, MeasureMessage, MeasureRequest } from './measure-job.ts';

export interface MeasureInProcessOptions {
  readonly program: URL;
  /** Milliseconds after which the process is ended, and the candidate has failed. */
  readonly timeoutMs: number;
  /** Lets everything else on the machine go first. */
  readonly isLowPriority: boolean;
  /** Absent where the machine does not tell what it uses. */
  readonly meter?: EnergyMeter | undefined;
  /** Ends the process; the promise then rejects with its reason. */
  readonly signal: AbortSignal;
}

/** Why there is no answer. */
export interface MeasureFailure {
  readonly failure: string;
}

/** A measurement. */
export interface MeasureSuccess {
  readonly measured: Measured;
  readonly joulesPerRequest?: number;
}

type Answer = MeasureSuccess | { readonly report: EngineReport };

const LAST_LINES = 3;
const LAST_WORDS = 600;

/** Makes one measurement in a process of its own, whatever becomes of that. Rejects only when the signal fires. */
export async function measureInProcess(
  job: MeasureJob,
  options: MeasureInProcessOptions,
): Promise<MeasureSuccess | MeasureFailure> {
  return (await ask({ kind: 'measure', job }, options)) as MeasureSuccess | MeasureFailure;
}

/** Finds out what scoring can use on this machine, in a process of its own: this one need not hold all runtimes for it. */
export async function diagnoseInProcess(
  options: MeasureInProcessOptions,
): Promise<{ readonly report: EngineReport } | MeasureFailure> {
  return (await ask({ kind: 'diagnose' }, options)) as { readonly report: EngineReport } | MeasureFailure;
}

async function ask(request: MeasureRequest, options: MeasureInProcessOptions): Promise<Answer | MeasureFailure> {
  const { signal, program, timeoutMs } = options;
  signal.throwIfAborted();
  const child = fork(fileURLToPath(program), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const timeout = AbortSignal.timeout(Math.ceil(timeoutMs));
  const end = (): void => void child.kill('SIGKILL');
  for (const each of [signal, timeout]) each.addEventListener('abort', end, { once: true });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    const answer = await talk(child, request, options);
    signal.throwIfAborted();
    const isLate = 'failure' in answer && timeout.aborted;
    return isLate ? { failure: `it was not done within ${(timeoutMs / 1000).toFixed(0)} s` } : answer;
  } finally {
    for (const each of [signal, timeout]) each.removeEventListener('abort', end);
    end();
    // the next one must not begin while this one still holds processors and memory
    await closed;
  }
}

function talk(
  child: ChildProcess,
  request: MeasureRequest,
  { isLowPriority, meter }: MeasureInProcessOptions,
): Promise<Answer | MeasureFailure> {
  const { promise, resolve } = Promise.withResolvers<Answer | MeasureFailure>();
  let lastWords = '';
  let joules: Promise<number | undefined> = Promise.resolve(undefined);
  child.stderr?.on('data', (chunk: Buffer) => (lastWords = `${lastWords}${chunk.toString()}`.slice(-LAST_WORDS)));
  child.once('error', (error) => resolve({ failure: `its process did not start: ${messageOf(error)}` }));
  child.once('close', (code, signal) => resolve({ failure: ended({ code, signal, lastWords }) }));
  child.on('message', (message: MeasureMessage) => {
    switch (message.type) {
      case 'ready':
        if (isLowPriority) lower(child);
        child.send(request, () => {});
        break;
      case 'loadBegins':
        meter?.begin();
        break;
      case 'loadEnds':
        if (meter !== undefined) joules = meter.end();
        break;
      case 'measured':
        void joules.then((used) => resolve(withEnergy(message.measured, used)));
        break;
      case 'diagnosed':
        resolve({ report: message.report });
        break;
      case 'failed':
        resolve({ failure: message.reason });
    }
  });
  return promise;
}

function withEnergy(measured: Measured, joules: number | undefined): MeasureSuccess {
  return { measured, ...(joules === undefined ? {} : { joulesPerRequest: joules / measured.requests }) };
}

function lower({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // it has ended already, which is heard from 'close'
  }
}

function ended(end: { code: number | null; signal: string | null; lastWords: string }): string {
  const how = end.signal === null ? `exited with code ${end.code}` : `was ended by ${end.signal}`;
  const words = end.lastWords.trim().split('\n').slice(-LAST_LINES).join(' ').trim();
  return `its process ${how}${words === '' ? '' : `; its last words: ${words}`}`;
}
