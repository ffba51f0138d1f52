import { setTimeout as delay } from 'node:timers/promises';
import type { ModuleState, Simulator } from 'edgewright';
import type { Patient } from '../table.ts';

const SENSOR = 'sensor';
const SENSOR_OUTPUT = 'measurements';
const SCORER_OUTPUT = 'amlOutput';
/** A sensor measures at intervals; in a burst the figures would be those of a queue. */
const INTERVAL_MS = 20;
/** Messages that the sensor sends before their confirmations are back. */
const IN_FLIGHT = 4;
/** Nothing arrived for so long: what is missing is lost. */
const SILENCE_MS = 40_000;

/** What came back for one patient. */
export interface Score {
  readonly predicted: number;
  /** From the sensor's sending to the arrival at the hub. */
  readonly latencyMs: number;
}

export interface ScoredPatients {
  readonly sent: number;
  /** By the patient's row in the table. */
  readonly scores: ReadonlyMap<number, Score>;
  /** Scores that came more than once: the hub delivers at least once. */
  readonly duplicates: number;
  /** How often the edge agent had to start the scorer again. */
  readonly restarts: number;
}

export interface SendInput {
  readonly simulator: Simulator;
  readonly deviceId: string;
  readonly scorer: string;
  readonly patients: readonly Patient[];
  readonly killScorer: boolean;
  readonly signal: AbortSignal;
}

/** Sends each patient as a message of the sensor module, and reads the scores at the hub. */
export async function sendAndCollect(input: SendInput): Promise<ScoredPatients> {
  const { simulator, deviceId, patients } = input;
  const sentAt = new Map<number, number>();
  const stop = new AbortController();
  const collecting = collect(input, sentAt, AbortSignal.any([input.signal, stop.signal]));
  async function* messages() {
    for (const patient of patients) {
      await delay(INTERVAL_MS, undefined, { signal: input.signal });
      sentAt.set(patient.row, performance.now());
      yield {
        body: JSON.stringify({ patient: patient.row, data: [patient.features] }),
        messageId: `patient-${patient.row}`,
        contentType: 'application/json',
        contentEncoding: 'utf-8',
      };
    }
  }
  try {
    const { confirmed: sent } = await simulator.send({
      deviceId,
      moduleId: SENSOR,
      output: SENSOR_OUTPUT,
      messages: messages(),
      inFlight: IN_FLIGHT,
      signal: input.signal,
    });
    const { scores, duplicates } = await collecting;
    const restarts = (await scorerState(input))?.restartCount ?? 0;
    return { sent, scores, duplicates, restarts };
  } finally {
    stop.abort();
    await collecting.catch(() => {});
  }
}

/** Reads scores until every patient has one, or nothing has come for a while. */
async function collect(
  input: SendInput,
  sentAt: ReadonlyMap<number, number>,
  signal: AbortSignal,
): Promise<{ scores: Map<number, Score>; duplicates: number }> {
  const { simulator, deviceId, scorer, patients, killScorer, signal: interrupted } = input;
  const scores = new Map<number, Score>();
  let duplicates = 0;
  let killed = !killScorer;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const filter = { deviceId, moduleId: scorer, outputName: SCORER_OUTPUT };
  try {
    for await (const record of simulator.monitor(filter, AbortSignal.any([signal, silence.signal]))) {
      timer.refresh();
      const { patient, predictions } = JSON.parse(record.body.toString('utf8')) as {
        patient: number;
        predictions: number[];
      };
      if (scores.has(patient)) duplicates += 1;
      else
        scores.set(patient, {
          predicted: predictions[0] ?? Number.NaN,
          latencyMs: performance.now() - (sentAt.get(patient) ?? Number.NaN),
        });
      if (!killed && scores.size >= patients.length / 3) {
        killed = true;
        await kill(input);
      }
      if (scores.size === patients.length) break;
    }
  } finally {
    clearTimeout(timer);
  }
  interrupted.throwIfAborted();
  return { scores, duplicates };
}

async function scorerState({ simulator, deviceId, scorer }: SendInput): Promise<ModuleState | undefined> {
  const { modules } = await simulator.device(deviceId);
  return modules.find(({ moduleId }) => moduleId === scorer)?.state;
}

/** As a crash would end it: without a chance to finish anything. */
async function kill(input: SendInput): Promise<void> {
  const pid = (await scorerState(input))?.pid;
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}
