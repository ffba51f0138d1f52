import type { tuningObjectives } from '@edgewright/contract';

/** What one measurement of a candidate found. */
export interface Figures {
  /** Milliseconds from the request to its answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests a second. */
  readonly throughput: number;
  /** The most memory that the candidate's process and its children had, in bytes. */
  readonly rssBytes: number;
  /** Absent where the machine does not tell. */
  readonly joulesPerRequest?: number;
  /** Requests that were measured. */
  readonly requests: number;
  /** Milliseconds from the start of loading until the engine took requests. */
  readonly startMs: number;
}

/** What a candidate must keep to. */
export interface Bounds {
  readonly maxP99Ms?: number;
  readonly maxMemoryBytes?: number;
}

/** What is made best among those that keep to the bounds. */
export type Objective = (typeof tuningObjectives)[number];

/** Without a bound on latency a candidate may be as slow as the default, and this much for noise. */
const LATENCY_SLACK = 1.2;

/** The bounds as they are given; where none is on the latency, the default's own is one, so that nothing gets worse. */
export function effectiveBounds(bounds: Bounds, reference: Figures | undefined): Bounds {
  if (bounds.maxP99Ms !== undefined || reference === undefined) return bounds;
  return { ...bounds, maxP99Ms: reference.p99Ms * LATENCY_SLACK };
}

/** By how much the worst bound is exceeded, as a share of it; 0 when all are kept. */
export function violationOf({ p99Ms, rssBytes }: Figures, { maxP99Ms, maxMemoryBytes }: Bounds): number {
  return Math.max(
    0,
    maxP99Ms === undefined ? 0 : p99Ms / maxP99Ms - 1,
    maxMemoryBytes === undefined ? 0 : rssBytes / maxMemoryBytes - 1,
  );
}

const worths: Readonly<Record<Objective, (figures: Figures) => number>> = {
  throughput: ({ throughput }) => throughput,
  latency: ({ p99Ms }) => 1 / p99Ms,
  memory: ({ rssBytes }) => 1 / rssBytes,
  energy: ({ joulesPerRequest = Number.POSITIVE_INFINITY }) => 1 / joulesPerRequest,
};

/** What an objective makes best, as a number of which more is better. */
export function worthOf(figures: Figures, objective: Objective): number {
  return worths[objective](figures);
}

/** For sorting, the better one first: who keeps to the bounds, then who is worth more; among others who exceeds them less. */
export function compareFigures(
  one: Figures,
  other: Figures,
  { bounds, objective }: { readonly bounds: Bounds; readonly objective: Objective },
): number {
  const excess = violationOf(one, bounds) - violationOf(other, bounds);
  if (excess !== 0) return excess;
  return worthOf(other, objective) - worthOf(one, objective);
}

/** The median of each figure over several measurements. */
export function medianFigures(all: readonly Figures[]): Figures {
  const of = (pick: (figures: Figures) => number): number => median(all.map(pick));
  const joules = all.flatMap(({ joulesPerRequest }) => joulesPerRequest ?? []);
  return {
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    throughput: of(({ throughput }) => throughput),
    rssBytes: of(({ rssBytes }) => rssBytes),
    ...(joules.length === 0 ? {} : { joulesPerRequest: median(joules) }),
    requests: all.reduce((sum, { requests }) => sum + requests, 0),
    startMs: of(({ startMs }) => startMs),
  };
}

/** Half of the way from the least to the largest, as a share of the median: what repeats of one thing differ by. */
export function spreadOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
