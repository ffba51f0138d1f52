import type { Metrics } from './create-metrics.ts';

/** Where a request came from. */
export type ScoringHost = 'web' | 'grpc' | 'edge' | 'batch';

export interface ScoredRequest {
  readonly host: ScoringHost;
  /** `ok`, or the error's code. */
  readonly outcome: string;
  /** Milliseconds; left out when the request never ran. */
  readonly timings?: { readonly queueMs: number; readonly runMs: number; readonly totalMs: number };
}

/** What an engine tells about itself: the shape of its `stats()`. */
export interface EngineFigures {
  readonly waiting: number;
  readonly running: number;
  readonly workersReplaced: number;
}

/** The metrics that every host has, under the same names. */
export interface ScoringMetrics {
  record(request: ScoredRequest): void;
  /** Reads the figures of the engine at each scrape. Call it once. */
  watchEngine(figures: () => EngineFigures): void;
}

/**
 * The scoring metrics of a program: `scoring_requests_total{host,outcome}`, `scoring_duration_seconds{host}`,
 * `scoring_run_duration_seconds{host}`, `scoring_queue_duration_seconds{host}`, and of the engine `scoring_queue_length`,
 * `scoring_running` and `engine_workers_replaced`. Call it once for each `Metrics`.
 */
export function createScoringMetrics(metrics: Metrics): ScoringMetrics {
  const requests = metrics.counter({
    name: 'scoring_requests_total',
    help: 'Requests by host and outcome: ok or an error code',
    labels: ['host', 'outcome'],
  });
  const duration = (name: string, help: string) => metrics.duration({ name, help, labels: ['host'] });
  const total = duration('scoring_duration_seconds', 'From taking a request to having its result');
  const run = duration('scoring_run_duration_seconds', 'In the entry script and the model');
  const queue = duration('scoring_queue_duration_seconds', 'Waiting for a worker');
  return {
    record: ({ host, outcome, timings }) => {
      requests.add({ host, outcome });
      if (timings === undefined) return;
      total.observe({ host }, timings.totalMs);
      run.observe({ host }, timings.runMs);
      queue.observe({ host }, timings.queueMs);
    },
    watchEngine: (figures) => {
      const gauge = (name: string, help: string, sample: () => number) => metrics.sampledGauge({ name, help }, sample);
      gauge('scoring_queue_length', 'Requests that wait for a worker', () => figures().waiting);
      gauge('scoring_running', 'Requests that run now', () => figures().running);
      gauge('engine_workers_replaced', 'Workers replaced since the start', () => figures().workersReplaced);
    },
  };
}
