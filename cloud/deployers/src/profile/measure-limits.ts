import { setTimeout as sleep } from 'node:timers/promises';
import type { ProfilePoint } from '@edgewright/contract';
import type { ContainerEngine } from '../containers/container-engine.ts';
import type { Address } from '../containers/port-gate.ts';
import { ScorerContainer } from '../containers/scorer-container.ts';
import { percentile, sendLoad } from './send-load.ts';
import type { LoadResult } from './send-load.ts';

/** What is sent to a container, and how long. */
export interface ProfileLoad {
  readonly bodies: readonly (string | Uint8Array)[];
  readonly contentType: string;
  /** Callers that each wait for their answer before they ask again. */
  readonly callers: number;
  /** How long each pair of limits is measured. */
  readonly measureMs: number;
  /** How long a container may take to come up. */
  readonly startMs: number;
}

/** One pair of limits to measure. */
export interface MeasureOptions {
  readonly engine: ContainerEngine;
  readonly image: string;
  readonly owner: string;
  readonly cpu: number;
  readonly memoryInGB: number;
  readonly load: ProfileLoad;
  readonly signal: AbortSignal;
}

/** A pair that was measured, before it is known whether it fits. */
export type Measurement = Omit<ProfilePoint, 'outcome'> & {
  readonly outcome?: 'out of memory' | 'not started' | 'requests failed';
};

/** Before anything is counted: the first requests fill caches. */
const WARM_UP_QUERIES = 3;
const LEAST_QUERIES = 10;
const MOST_QUERIES = 5000;
const STOP_MS = 2000;
const SAMPLE_MS = 400;
/** A slow model gets its least number of requests, but not for ever. */
const LONGEST_LOAD_MS = 60_000;

/** Starts a container with these limits, loads it, and says how it was. */
export async function measureLimits(options: MeasureOptions): Promise<Measurement> {
  const { engine, image, owner, cpu, memoryInGB, load, signal } = options;
  const limits = { cpu, memoryInGB };
  const begun = performance.now();
  const container = new ScorerContainer({
    engine,
    name: `edgewright-profile-${owner.slice(0, 8)}-${cpu}-${memoryInGB}`,
    image,
    owner,
    labels: { 'edgewright.profile': owner },
    // a profile looks at the model, not at the queue before it
    environment: { EDGEWRIGHT_MAX_CONCURRENT_REQUESTS: String(load.callers), EDGEWRIGHT_MAX_QUEUE_WAIT_MS: '60000' },
    ...limits,
  });
  const late = new AbortController();
  try {
    const start = await Promise.race([
      container.ready,
      container.ended,
      sleep(load.startMs, 'late' as const, { signal: AbortSignal.any([signal, late.signal]) }).catch(
        () => 'late' as const,
      ),
    ]);
    signal.throwIfAborted();
    if (start === 'late') {
      const reason = `it was not ready within ${Math.round(load.startMs / 1000)} s`;
      return { ...limits, outcome: container.ranOutOfMemory ? 'out of memory' : 'not started', reason };
    }
    if ('stage' in start) {
      const reason = `stage "${start.stage}": ${start.message}`;
      return { ...limits, outcome: container.ranOutOfMemory ? 'out of memory' : 'not started', reason };
    }
    return { ...limits, startMs: performance.now() - begun, ...(await underLoad(container, start, options)) };
  } finally {
    late.abort();
    await container.stop(STOP_MS);
  }
}

async function underLoad(
  container: ScorerContainer,
  address: Address,
  { load, signal }: MeasureOptions,
): Promise<Omit<Measurement, 'cpu' | 'memoryInGB'>> {
  const { bodies, contentType, callers, measureMs } = load;
  const over = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_LOAD_MS)]);
  const shared = { address, bodies, contentType, callers, signal: over };
  await sendLoad({ ...shared, forMs: 0, atLeast: WARM_UP_QUERIES, atMost: WARM_UP_QUERIES });
  const usage = new Usage(container);
  await usage.begin();
  const result = await sendLoad({ ...shared, forMs: measureMs, atLeast: LEAST_QUERIES, atMost: MOST_QUERIES });
  const used = await usage.end(result.elapsedMs);
  signal.throwIfAborted();
  const figures = { ...figuresOf(result), ...used };
  if (container.ranOutOfMemory) {
    const reason = 'the kernel ended a process under load because it took more memory than the limit';
    return { ...figures, outcome: 'out of memory', reason };
  }
  if (result.latenciesMs.length > 0) return figures;
  return { ...figures, outcome: 'requests failed', reason: result.failure ?? 'no request was answered' };
}

function figuresOf({ latenciesMs, failed, failure, elapsedMs }: LoadResult): Omit<Measurement, 'cpu' | 'memoryInGB'> {
  const shared = {
    queries: latenciesMs.length + failed,
    failedQueries: failed,
    queriesPerSecond: latenciesMs.length / (elapsedMs / 1000),
    ...(failure === undefined ? {} : { reason: failure }),
  };
  const [p50Ms, p90Ms, p95Ms, p99Ms] = [0.5, 0.9, 0.95, 0.99].map((share) => percentile(latenciesMs, share));
  if (p50Ms === undefined || p90Ms === undefined || p95Ms === undefined || p99Ms === undefined) return shared;
  const averageMs = latenciesMs.reduce((sum, one) => sum + one, 0) / latenciesMs.length;
  return { ...shared, averageMs, p50Ms, p90Ms, p95Ms, p99Ms };
}

/** What a container takes while it is under load. */
class Usage {
  readonly #container: ScorerContainer;
  readonly #stop = new AbortController();
  #mostMemoryBytes = 0;
  #first: Counters | undefined;
  #last: Counters | undefined;
  #sampling: Promise<void> = Promise.resolve();

  constructor(container: ScorerContainer) {
    this.#container = container;
  }

  async begin(): Promise<void> {
    await this.#sample();
    this.#sampling = this.#keepSampling();
  }

  async end(elapsedMs: number): Promise<Pick<Measurement, 'usedCpu' | 'usedMemoryInGB' | 'throttled'>> {
    this.#stop.abort();
    await this.#sampling;
    await this.#sample();
    const [first, last] = [this.#first, this.#last];
    if (first === undefined || last === undefined) return {};
    const periods = last.periods - first.periods;
    return {
      usedCpu: (last.cpuNs - first.cpuNs) / 1e6 / elapsedMs,
      usedMemoryInGB: this.#mostMemoryBytes / 1024 ** 3,
      throttled: periods > 0 ? (last.throttled - first.throttled) / periods : 0,
    };
  }

  async #keepSampling(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await sleep(SAMPLE_MS, undefined, { signal: this.#stop.signal }).catch(() => {});
      if (!this.#stop.signal.aborted) await this.#sample();
    }
  }

  async #sample(): Promise<void> {
    const stats = await this.#container.stats();
    const usage = stats?.memory_stats.usage;
    // an engine that has just lost the container gives no figures
    if (stats === undefined || usage === undefined) return;
    const details = stats.memory_stats.stats as { inactive_file?: number; total_inactive_file?: number };
    // files that the kernel would give up at once are nobody's need
    const files = details.total_inactive_file ?? details.inactive_file ?? 0;
    this.#mostMemoryBytes = Math.max(this.#mostMemoryBytes, usage - files);
    const { cpu_usage: cpu, throttling_data: throttling } = stats.cpu_stats;
    const counters = { cpuNs: cpu.total_usage, periods: throttling.periods, throttled: throttling.throttled_periods };
    this.#first ??= counters;
    this.#last = counters;
  }
}

interface Counters {
  readonly cpuNs: number;
  readonly periods: number;
  readonly throttled: number;
}
