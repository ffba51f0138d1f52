import type { ModelProfile, ProfilePoint } from '@edgewright/contract';
import type { Measurement } from './measure-limits.ts';

/** What limits must give to be good enough. */
export interface ProfileTargets {
  /** Of the 95th percentile, in milliseconds; undefined: twice what the largest limits give. */
  readonly maxLatencyMs?: number | undefined;
  /** The share of requests that may fail. */
  readonly maxErrorRate: number;
}

/** How much slower than with the largest limits is still good, where no latency was asked for. */
export const KNEE_FACTOR = 2;

/** Says of a pair that was measured whether it fits. */
export function judge(measured: Measurement, maxLatencyMs: number, maxErrorRate: number): ProfilePoint {
  const { outcome, queries = 0, failedQueries = 0, p95Ms } = measured;
  if (outcome !== undefined) return { ...measured, outcome };
  if (failedQueries > maxErrorRate * queries) {
    const reason = `${failedQueries} of ${queries} requests failed: ${measured.reason ?? 'no reason was given'}`;
    return { ...measured, outcome: 'requests failed', reason };
  }
  if (p95Ms !== undefined && p95Ms > maxLatencyMs) {
    const wants = (measured.throttled ?? 0) > 0.1 ? '; the processor limit held it back' : '';
    return {
      ...measured,
      outcome: 'too slow',
      reason: `95 % within ${shown(p95Ms)} ms, over ${shown(maxLatencyMs)} ms${wants}`,
    };
  }
  return { ...measured, outcome: 'fits' };
}

/** The pair with the least cores that fits, and of those the one with the least memory. */
export function smallestThatFits(points: readonly ProfilePoint[]): ProfilePoint | undefined {
  return points
    .filter(({ outcome }) => outcome === 'fits')
    .toSorted((a, b) => a.cpu - b.cpu || a.memoryInGB - b.memoryInGB)[0];
}

/** The figures of the whole, in Azure ML's words. */
export function figuresOfProfile(
  points: readonly ProfilePoint[],
  best: ProfilePoint | undefined,
): Partial<ModelProfile> {
  const most = (values: readonly (number | undefined)[]): number =>
    Math.max(0, ...values.filter((value) => value !== undefined));
  const whole = {
    requestedCpu: most(points.map(({ cpu }) => cpu)),
    requestedMemoryInGB: most(points.map(({ memoryInGB }) => memoryInGB)),
    maxUtilizedCpu: most(points.map(({ usedCpu }) => usedCpu)),
    maxUtilizedMemory: most(points.map(({ usedMemoryInGB }) => usedMemoryInGB)),
  };
  if (best === undefined) return whole;
  const { queries = 0, failedQueries = 0 } = best;
  return {
    ...whole,
    recommendedCpu: best.cpu,
    recommendedMemoryInGB: best.memoryInGB,
    recommendationLatencyInMs: best.p95Ms ?? 0,
    totalQueries: queries,
    successQueries: queries - failedQueries,
    successRate: queries === 0 ? 0 : (100 * (queries - failedQueries)) / queries,
    averageLatencyInMs: best.averageMs ?? 0,
    latencyPercentile50InMs: best.p50Ms ?? 0,
    latencyPercentile90InMs: best.p90Ms ?? 0,
    latencyPercentile95InMs: best.p95Ms ?? 0,
    latencyPercentile99InMs: best.p99Ms ?? 0,
    measuredQueriesPerSecond: best.queriesPerSecond ?? 0,
  };
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
