import type { CollectionSettings, ReportedCollection } from '@edgewright/contract';
import type { Engine, SwapOptions } from '@edgewright/engine';
import type { HealthBoard, Logger, Metrics, ScoringMetrics, Tracing } from '@edgewright/telemetry';
import type { DriftWatch } from './drift-outlet.ts';
import type { EdgeSettings } from './edge-settings.ts';
import type { CreateClient } from './hub/hub-session.ts';
import type { ModelSlot } from './model-update/model-slot.ts';
import type { TuneDevice } from './tuning/device-tuning.ts';

/** Collects inputs and predictions by what the twin says. */
export interface MessageCollection {
  /**
   * Throws for settings that cannot be followed; then the former ones stay in force.
   *
   * @param settings undefined: what the module was started with
   */
  configure(settings: CollectionSettings | undefined): Promise<void>;
  /** Null before anything was to be collected. */
  status(): ReportedCollection | null;
}

export interface EdgeModuleOptions {
  /** Ready to score. The caller closes it, after this function has ended. */
  readonly engine: Engine;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly scoringMetrics: ScoringMetrics;
  /** Where spans of messages go; without it there are none. The caller closes it. */
  readonly tracing?: Tracing | undefined;
  /** Told when there is no session with edgeHub. */
  readonly health?: HealthBoard;
  /** Ends the module: intake stops, what is in flight is finished or released, and the connection is closed. */
  readonly signal: AbortSignal;
  readonly settings?: Partial<EdgeSettings>;
  /** What the engine was made of, and where models that are fetched are kept. */
  readonly models: ModelSlot;
  /** Compares live data with the baseline of the model; without it nothing is said of drift. */
  readonly drift?: DriftWatch;
  /** A folder that outlives the process, for the journal of `after-journal` and what waits for the cloud. */
  readonly stateDirectory?: string;
  /** Makes the engine of a shadow model, which must not run on this thread; without it there are none. */
  readonly startShadowEngine?: (models: SwapOptions, signal: AbortSignal) => Promise<Engine>;
  /** Finds out how the model runs best on this device, for the method `tune`; without it that is refused. */
  readonly tune?: TuneDevice;
  /** The key of the fallback's endpoint, asked for at each request so that it can be renewed; absent when there is none. */
  readonly fallbackKey?: () => Promise<string>;
  /** What `engine` shows its requests to; without it the twin cannot ask for it. */
  readonly collection?: MessageCollection;
  /** Makes the SDK's client; default `ModuleClient.fromEnvironment`, which reads the variables that edgeAgent sets. */
  readonly createClient?: CreateClient;
}
