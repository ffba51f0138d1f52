import { setTimeout as sleep } from 'node:timers/promises';
import { startScorerAtHub } from './scorer-at-hub.ts';
import { residentBytes } from '../support/resident-memory.ts';

/** What the last quarter may have more than the second, as a share: the first pays for caches and compilation. */
const MAX_GROWTH = 0.1;
const SAMPLES = 120;

export interface SoakResult {
  readonly minutes: number;
  readonly messages: number;
  /** Megabytes of resident memory, evenly over the time. */
  readonly rssMb: readonly number[];
  /** Of the median of the last quarter over that of the second. */
  readonly growth: number;
  readonly isSound: boolean;
}

export interface SoakOptions {
  readonly minutes: number;
  /** Messages a second, at most; default as many as the scorer takes. */
  readonly rate?: number | undefined;
  readonly report: (line: string) => void;
}

/** Sends messages for some minutes, some of them wrong, with a connection lost now and then, and watches the memory. */
export async function soakScorer({ minutes, rate, report }: SoakOptions): Promise<SoakResult> {
  await using place = await startScorerAtHub({});
  const { hub, scorer } = place;
  await hub.deliver('in', '{"data":[[1,2,3]]}');
  const ends = performance.now() + minutes * 60_000;
  const intervalMs = (minutes * 60_000) / SAMPLES;
  const rssMb: number[] = [];
  let messages = 0;
  const sending = (async () => {
    while (performance.now() < ends) {
      const body = messages % 50 === 0 ? 'not JSON' : '{"data":[[1,2,3]]}';
      await hub.deliver('in', body, { '$.mid': `m-${messages}` });
      messages += 1;
      if (rate !== undefined) await sleep(1000 / rate);
      hub.outputs.length = 0;
      hub.events.length = 0;
      hub.reported.length = 0;
      if (messages % 5000 === 0) hub.dropConnections();
    }
  })();
  while (performance.now() < ends) {
    await Promise.race([sleep(intervalMs), scorer.ended]);
    rssMb.push(Math.round(residentBytes(scorer.pid) / 2 ** 20));
    if (rssMb.length % 30 === 0) report(`soak: ${messages} messages, ${rssMb.at(-1)} MB`);
  }
  await sending;
  const quarter = Math.floor(rssMb.length / 4);
  const [second, last] = [rssMb.slice(quarter, 2 * quarter), rssMb.slice(-quarter)].map(median) as [number, number];
  const growth = Math.round((last / second - 1) * 1000) / 1000;
  return { minutes, messages, rssMb, growth, isSound: growth <= MAX_GROWTH };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
