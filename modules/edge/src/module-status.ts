import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { ReportedTuning, ScorerReported } from '@edgewright/contract';
import type { Engine } from '@edgewright/engine';
import type { UpdateStatus } from './model-update/update-report.ts';
import { scoringModelOf } from './messages/compose-outputs.ts';
import type { UpdatePause } from './methods/update-pause.ts';
import type { EdgeCounters } from './messages/edge-counters.ts';

/** Twin values may have 4 096 bytes, and the whole document 32 KiB (edgeHub, `ReportedPropertiesValidator.cs`). */
const MAX_TEXT_LENGTH = 1_000;

export interface ModuleStatusOptions {
  readonly engine: Engine;
  /** The digest of the model that the engine scores with. */
  readonly digest: () => string | undefined;
  readonly update: () => UpdateStatus | null;
  readonly shadow: () => NonNullable<ScorerReported['shadow']> | null;
  readonly fallback: () => NonNullable<ScorerReported['fallback']> | null;
  readonly tuning: () => ReportedTuning | null;
  readonly drift: () => NonNullable<ScorerReported['drift']> | null;
  readonly collection: () => ScorerReported['collection'];
  readonly counters: EdgeCounters;
  readonly pause: UpdatePause;
}

/** What the module says about itself: in its twin, and when it is asked by the method `status`. */
export class ModuleStatus {
  readonly #options: ModuleStatusOptions;
  readonly #startedAt = new Date().toISOString();
  #state: ScorerReported['state'] = 'starting';
  #settings: ScorerReported['settings'] = { status: 'applied', desiredVersion: 0, reason: null };
  #lastError: NonNullable<ScorerReported['lastError']> | null = null;

  constructor(options: ModuleStatusOptions) {
    this.#options = options;
  }

  enter(state: ScorerReported['state']): void {
    this.#state = state;
  }

  settingsApplied(desiredVersion: number): void {
    this.#settings = { status: 'applied', desiredVersion, reason: null };
  }

  settingsRefused(desiredVersion: number, error: unknown): void {
    this.#settings = { status: 'refused', desiredVersion, reason: cut(messageOf(error)) };
    this.failed(error);
  }

  /** Notes the last error. */
  failed(error: unknown): void {
    const code = isEdgewrightError(error) ? error.code : 'ScoringFailed';
    this.#lastError = { code, message: cut(messageOf(error)), at: new Date().toISOString() };
  }

  snapshot(): ScorerReported {
    const { engine, digest, update, shadow, fallback, tuning, collection, drift, counters, pause } = this.#options;
    const description = engine.describe();
    const { backend, backendReason, execution } = description;
    const sha256 = digest();
    return {
      schemaVersion: '1.0',
      state: this.#state === 'running' && pause.isPaused ? 'paused' : this.#state,
      startedAt: this.#startedAt,
      isIdle: pause.isIdle,
      model: { ...scoringModelOf(description), ...(sha256 === undefined ? {} : { sha256 }) },
      backend: { name: backend, reason: cut(backendReason) },
      execution: {
        mode: execution.mode,
        workers: execution.workers,
        threads: execution.threads,
        reason: cut(execution.reason),
      },
      settings: this.#settings,
      counters: counters.totals(),
      latencyMs: counters.latency(),
      update: cutReason(update()),
      shadow: shadow(),
      fallback: fallback(),
      tuning: cutReason(tuning()),
      drift: drift(),
      collection: collection() ?? null,
      lastError: this.#lastError,
    };
  }
}

function cutReason<Status extends UpdateStatus | ReportedTuning>(status: Status | null): Status | null {
  return status === null || status.reason == null ? status : { ...status, reason: cut(status.reason) };
}

function cut(text: string): string {
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text;
}
