import { setTimeout as sleep } from 'node:timers/promises';
import type { AcknowledgementPolicy } from '@edgewright/contract';
import type { Arrival, EdgeLab } from '../support/edge-lab.ts';
import type { ScorerProcess } from '../support/scorer-process.ts';
import type { Disturbance } from './disturbances.ts';

export interface DisturbOptions {
  readonly disturbance: Disturbance;
  readonly policy: AcknowledgementPolicy;
  readonly messages: number;
  /** How often it strikes. */
  readonly times: number;
  /** Uniform between 0 and 1. */
  readonly random: () => number;
  readonly report: (line: string) => void;
}

/** What became of the messages while things went wrong. */
export interface ChaosResult {
  readonly scenario: string;
  readonly policy: AcknowledgementPolicy;
  readonly sent: number;
  readonly scored: number;
  /** Messages that went to the error output. */
  readonly rejected: number;
  readonly lost: number;
  /** Outputs that arrived although their message had one already. */
  readonly duplicates: number;
  /** Of these, how many carried another message id than the first: none may. */
  readonly duplicatesWithOtherId: number;
  /** How often the scorer was killed. */
  readonly kills: number;
  /** How often it struck; for `kill` the same. */
  readonly strikes: number;
  readonly seconds: number;
}

/** Nothing arrived for so long after the last strike: what is missing is lost. Longer than an output may stay unconfirmed. */
const SILENCE_MS = 45_000;
const POLL_MS = 5;
/** A strike comes up to this long after its moment, so that it falls into any stage of a message. */
const JITTER_MS = 40;

/** Sends messages while something goes wrong at random moments. */
export async function disturb(lab: EdgeLab, options: DisturbOptions): Promise<ChaosResult> {
  const { disturbance, policy, messages, times, random, report } = options;
  const started = performance.now();
  const prefix = `${disturbance.name}-${policy}-${Math.floor(started)}`;
  await using place = await disturbance.prepare(lab, policy);
  await lab.configure({ acknowledgement: policy, journal: { durability: 'process-crash' } });
  const stop = new AbortController();
  let lastArrival = performance.now();
  const arrivals = lab.collect(stop.signal, () => (lastArrival = performance.now()));
  // by how many messages have come through, because time says nothing on a machine of unknown speed
  const moments = Array.from({ length: times }, () => Math.floor(random() * messages * 0.95)).sort((a, b) => a - b);
  const sending = lab.send(numbered(prefix, messages));
  let scorer = await lab.startScorer(place.environment);
  let done = 0;
  for (const moment of moments) {
    await until(() => arrivals.size >= moment || performance.now() - lastArrival > SILENCE_MS);
    await sleep(random() * JITTER_MS);
    scorer = await disturbance.strike({ lab, scorer, environment: place.environment, random });
    lastArrival = performance.now();
    done += 1;
    if (done % 10 === 0)
      report(`${disturbance.name}, ${policy}: ${done} times, ${arrivals.size} of ${messages} through`);
  }
  const sent = await sending;
  await until(() => arrivals.size >= messages || performance.now() - lastArrival > SILENCE_MS);
  await lab.simulator.clearFaults();
  await end(scorer);
  stop.abort();
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const kills = disturbance.name === 'kill' ? done : 0;
  return { scenario: disturbance.name, policy, sent, ...tally(arrivals, messages), kills, strikes: done, seconds };
}

async function end(scorer: ScorerProcess): Promise<void> {
  scorer.signal('SIGTERM');
  await scorer.ended;
}

function* numbered(prefix: string, count: number): Generator<{ id: string; body: unknown }> {
  for (let n = 0; n < count; n += 1) yield { id: `${prefix}-${n}`, body: { data: [[n, n, n]] } };
}

function tally(arrivals: ReadonlyMap<string, readonly Arrival[]>, messages: number) {
  const all = [...arrivals.values()];
  const rejected = all.filter(([first]) => first?.outputName === 'amlError').length;
  const others = all.map(([first, ...rest]) => rest.filter(({ messageId }) => messageId !== first?.messageId).length);
  return {
    scored: all.length - rejected,
    rejected,
    lost: messages - all.length,
    duplicates: all.reduce((sum, each) => sum + each.length - 1, 0),
    duplicatesWithOtherId: others.reduce((sum, each) => sum + each, 0),
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(POLL_MS);
}
