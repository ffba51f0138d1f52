import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { LatencyHistogram } from './latency-histogram.ts';
import type { Requests } from './make-requests.ts';
import type { Load } from './measure-job.ts';

/** What came of a time under load. */
export interface LoadResult {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly throughput: number;
  readonly requests: number;
}

/** Requests without which the window is made longer, up to so many times. */
const LEAST_REQUESTS = 20;
const MOST_STRETCH = 20;
/** The event loop gets its turn so often, as it would in a host. */
const TURN_MS = 5;
/** Requests under way with a rate that cannot be held; more would only fill memory. */
const MOST_UNDER_WAY = 1_000;

/**
 * Scores requests for a time.
 *
 * @throws what scoring throws, at the first request that fails: a candidate that fails on requests is none
 */
export async function runLoad(requests: Requests, load: Load, windowMs: number): Promise<LoadResult> {
  return load.rate === undefined
    ? await closedLoop(requests, load.concurrency, windowMs)
    : await openLoop(requests, load.rate, windowMs);
}

async function closedLoop(requests: Requests, concurrency: number, windowMs: number): Promise<LoadResult> {
  const latencies = new LatencyHistogram();
  const begun = performance.now();
  let next = 0;
  let lastTurn = begun;
  const isOver = (): boolean => {
    const elapsed = performance.now() - begun;
    return elapsed >= windowMs && (latencies.total >= LEAST_REQUESTS || elapsed >= windowMs * MOST_STRETCH);
  };
  const caller = async (): Promise<void> => {
    while (!isOver()) {
      const started = performance.now();
      await requests.score((next += 1));
      const now = performance.now();
      latencies.add(now - started);
      if (now - lastTurn > TURN_MS) {
        lastTurn = now;
        await nextTurn();
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return resultOf(latencies, performance.now() - begun);
}

/** Latency counts from when a request was due: a candidate that falls behind shows it. */
async function openLoop(requests: Requests, rate: number, windowMs: number): Promise<LoadResult> {
  const latencies = new LatencyHistogram();
  const underWay = new Set<Promise<void>>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const wanted = Math.max(LEAST_REQUESTS, Math.round((windowMs / 1000) * rate));
  const begun = performance.now();
  for (let sent = 0; sent < wanted; sent += 1) {
    const due = begun + (sent * 1000) / rate;
    const waitMs = due - performance.now();
    if (waitMs > 0) await Promise.race([sleep(waitMs), failed.promise]);
    while (underWay.size >= MOST_UNDER_WAY) await Promise.race([...underWay, failed.promise]);
    const one: Promise<void> = requests
      .score(sent)
      .then(() => latencies.add(performance.now() - due), failed.reject)
      .finally(() => underWay.delete(one));
    underWay.add(one);
  }
  await Promise.race([Promise.all(underWay), failed.promise]);
  return resultOf(latencies, performance.now() - begun);
}

function resultOf(latencies: LatencyHistogram, elapsedMs: number): LoadResult {
  return {
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    throughput: (latencies.total / elapsedMs) * 1000,
    requests: latencies.total,
  };
}
