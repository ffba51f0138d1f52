import * as nodeModule from 'node:module';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { openScoringUnit } from '../scoring/scoring-unit.ts';
import type { ScoringUnit } from '../scoring/scoring-unit.ts';
import type { UnitConfig } from '../scoring/unit-config.ts';
import type { EngineLogger } from '../engine-logger.ts';
import type { MadeAnswer } from '../entry/make-answer.ts';
import { streamFailure } from '../entry/run-entry-script.ts';
import { OutgoingStream } from '../streaming/outgoing-stream.ts';
import { endWithHost } from './end-with-host.ts';
import { guardOf, unguarded } from './native-gate.ts';
import { toPlainError } from './plain-error.ts';
import { transferable } from './protocol.ts';
import type { HostMessage, WorkerLogLevel, WorkerMessage } from './protocol.ts';

// The program of a worker: a thread of the scorer, or a child process. It loads one unit and runs one job at a time.

type Send = (message: WorkerMessage, transfer?: readonly ArrayBuffer[]) => void;

function connect(receive: (message: HostMessage) => void): Send {
  if (parentPort !== null) {
    const port = parentPort;
    port.on('message', receive);
    return (message, transfer = []) => port.postMessage(message, transfer);
  }
  process.on('message', receive);
  // the host is gone: nobody would read the answers
  process.on('disconnect', () => process.exit(0));
  // signals of the terminal go to the whole group: the host decides what they mean
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  endWithHost();
  return (message) => void process.send?.(message);
}

function loggerTo(send: Send): EngineLogger {
  const write = (level: WorkerLogLevel) => (facts: Readonly<Record<string, unknown>>, text: string) => {
    try {
      send({ type: 'log', level, facts, text });
    } catch {
      // facts that cannot cross a thread, such as functions: their JSON form can
      send({ type: 'log', level, facts: JSON.parse(JSON.stringify(facts)) as Record<string, unknown>, text });
    }
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

async function open(config: UnitConfig, memoryMb: number): Promise<ScoringUnit | undefined> {
  try {
    // a thread has its limit from its host
    if (parentPort === null) setFlagsFromString(`--max-old-space-size=${memoryMb}`);
    // what Azure's entry scripts read
    process.env['AZUREML_MODEL_DIR'] = config.modelDirectory;
    const guard = parentPort === null ? unguarded : guardOf(workerData as Int32Array<SharedArrayBuffer>);
    const unit = await openScoringUnit(config, { log: loggerTo(send), guard });
    send({ type: 'opened', description: unit.description });
    return unit;
  } catch (error) {
    send({ type: 'notOpened', error: toPlainError(error) });
    return undefined;
  }
}

async function run(message: HostMessage & { type: 'run' }): Promise<void> {
  const { id, job, request } = message;
  current = { id, controller: new AbortController() };
  const cancelled = current.controller.signal;
  try {
    const started = performance.now();
    const output = await (await unit)?.run(job, request, cancelled);
    if (output === undefined) return;
    const runMs = performance.now() - started;
    if ('made' in output) await answer(id, output.made, runMs);
    else send({ type: 'done', id, output, runMs }, 'outputs' in output ? transferable(output.outputs) : []);
  } catch (error) {
    send({ type: 'failed', id, error: toPlainError(error) });
  }
}

async function answer(id: number, { head, body }: MadeAnswer, runMs: number): Promise<void> {
  if (body instanceof Uint8Array) {
    send({ type: 'done', id, output: { answer: { ...head, body } }, runMs });
    return;
  }
  const stream = new OutgoingStream(body, {
    chunk: (bytes) => send({ type: 'piece', id, bytes }, [bytes.buffer as ArrayBuffer]),
    end: () => send({ type: 'ended', id }),
    broken: (error) => send({ type: 'failed', id, error: toPlainError(streamFailure(error)) }),
  });
  send({ type: 'answered', id, head, runMs });
  current = { ...current, stream };
  if (current.controller.signal.aborted) stream.cancel();
  await stream.pump();
}

async function close(): Promise<void> {
  await (await unit)?.[Symbol.asyncDispose]();
  process.exit(0);
}

// stack traces in terms of the script as it was written: bundles carry source maps (not in Node.js before 22.14)
(nodeModule as { setSourceMapsSupport?: (on: boolean) => void }).setSourceMapsSupport?.(true);

let unit: Promise<ScoringUnit | undefined> | undefined;
let current: { id: number; controller: AbortController; stream?: OutgoingStream } = {
  id: -1,
  controller: new AbortController(),
};

const send = connect((message) => {
  switch (message.type) {
    case 'open':
      unit = open(message.config, message.memoryMb);
      break;
    case 'run':
      void run(message);
      break;
    case 'cancel':
      if (message.id !== current.id) break;
      current.controller.abort();
      current.stream?.cancel();
      break;
    case 'more':
      if (message.id === current.id) current.stream?.more();
      break;
    case 'close':
      void close();
      break;
  }
});
