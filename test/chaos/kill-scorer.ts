import { setTimeout as sleep } from 'node:timers/promises';
import type { AcknowledgementPolicy } from '@edgewright/contract';
import type { Arrival, EdgeLab } from '../support/edge-lab.ts';
import type { ScorerProcess } from '../support/scorer-process.ts';

export interface KillScorerOptions {
  readonly policy: AcknowledgementPolicy;
  readonly messages: number;
  readonly kills: number;
  /** Uniform between 0 and 1. */
  readonly random: () => number;
  readonly report: (line: string) => void;
}

/** What became of the messages while the scorer was killed again and again. */
export interface ChaosResult {
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
  readonly kills: number;
  readonly seconds: number;
}

/** Nothing arrived for so long after the last kill: what is missing is lost. */
const SILENCE_MS = 15_000;
const POLL_MS = 5;
/** A kill comes up to this long after its moment, so that it falls into any stage of a message. */
const JITTER_MS = 40;

/** Sends messages and kills the scorer at random moments meanwhile; it is started again at once each time. */
export async function killScorer(lab: EdgeLab, options: KillScorerOptions): Promise<ChaosResult> {
  const { policy, messages, kills, random, report } = options;
  const started = performance.now();
  const prefix = `${policy}-${Math.floor(started)}`;
  const environment = policy === 'after-journal' ? { EDGEWRIGHT_STATE_DIRECTORY: await lab.stateFolder() } : {};
  await lab.configure({ acknowledgement: policy, journal: { durability: 'process-crash' } });
  const stop = new AbortController();
  let lastArrival = performance.now();
  const arrivals = lab.collect(stop.signal, () => (lastArrival = performance.now()));
  // by how many messages have come through, because time says nothing on a machine of unknown speed
  const moments = Array.from({ length: kills }, () => Math.floor(random() * messages * 0.95)).sort((a, b) => a - b);
  const sending = lab.send(numbered(prefix, messages));
  let scorer = await lab.startScorer(environment);
  let done = 0;
  for (const moment of moments) {
    await until(() => arrivals.size >= moment || performance.now() - lastArrival > SILENCE_MS);
    await sleep(random() * JITTER_MS);
    scorer = await replace(lab, scorer, environment);
    lastArrival = performance.now();
    done += 1;
    if (done % 10 === 0) report(`${policy}: ${done} kills, ${arrivals.size} of ${messages} messages through`);
  }
  const sent = await sending;
  await until(() => arrivals.size >= messages || performance.now() - lastArrival > SILENCE_MS);
  scorer.signal('SIGTERM');
  await scorer.ended;
  stop.abort();
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  return { policy, sent, ...tally(arrivals, messages), kills: done, seconds };
}

async function replace(
  lab: EdgeLab,
  scorer: ScorerProcess,
  environment: Readonly<Record<string, string>>,
): Promise<ScorerProcess> {
  scorer.signal('SIGKILL');
  await scorer.ended;
  return lab.startScorer(environment);
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
