import type { Engine } from '@edgewright/engine';
import type { Logger, Metrics, ScoringMetrics } from '@edgewright/telemetry';
import { EdgeError } from './edge-error.ts';
import type { EdgeSettings } from './edge-settings.ts';

export interface EdgeModuleOptions {
  /** Ready to score. The caller closes it, after this function has ended. */
  readonly engine: Engine;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly scoringMetrics: ScoringMetrics;
  /** Ends the module: intake stops, what is in flight is finished or released, and the connection is closed. */
  readonly signal: AbortSignal;
  readonly settings?: Partial<EdgeSettings>;
}

/**
 * Joins edgeHub and scores the messages that it routes to this module, until the signal fires.
 *
 * @throws EdgeError `HubUnreachable` when there was no connection for `settings.hubDeadlineMs`
 */
export function runEdgeModule(_options: EdgeModuleOptions): Promise<void> {
  return Promise.reject(new EdgeError('HubUnreachable', 'cannot reach edgeHub yet'));
}
