import type { Engine } from '@edgewright/engine';
import type { Logger, Metrics, ScoringMetrics } from '@edgewright/telemetry';
import { WebError } from './web-error.ts';

/** Bounds on requests. */
export interface WebLimits {
  /** Bytes in a body. Default 104 857 600, the 100 MB of Azure ML's container. */
  readonly bodyBytes: number;
  /** Milliseconds that a request may take; default: the engine's own. */
  readonly timeoutMs?: number;
  /** Milliseconds that closing waits for requests that run. Default 10 000. */
  readonly drainMs: number;
}

export interface ServeScoringOptions {
  /** Ready to score: the server says Healthy from its first answer on. The caller closes it, after the server. */
  readonly engine: Engine;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The scoring metrics when another host shares them; default: made here. */
  readonly scoringMetrics?: ScoringMetrics;
  /** The service's name, in swagger.json. Default `ML service`. */
  readonly title?: string;
  /** The service's version, in swagger.json. Default `1.0`. */
  readonly version?: string;
  readonly limits?: Partial<WebLimits>;
}

/** A REST endpoint that runs. Closing it stops intake, waits for requests that run, then frees the port. */
export interface ScoringServer extends AsyncDisposable {
  /** With the real port, without a `/` at the end. */
  readonly url: string;
  readonly port: number;
}

/**
 * Serves `GET /` (health), `/score`, `/swagger.json` and `/metrics`.
 *
 * @throws WebError `PortInUse`
 */
export function serveScoring(options: ServeScoringOptions): Promise<ScoringServer> {
  return Promise.reject(new WebError('PortInUse', `cannot listen on ${options.host}:${options.port} yet`));
}
