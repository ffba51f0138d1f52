import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { ScorerReported } from '@edgewright/contract';
import type { Engine } from '@edgewright/engine';
import type { ScoringModel } from './messages/compose-outputs.ts';
import type { EdgeCounters } from './messages/edge-counters.ts';

/** Twin values may have 4 096 bytes, and the whole document 32 KiB (edgeHub, `ReportedPropertiesValidator.cs`). */
const MAX_TEXT_LENGTH = 1_000;

export interface ModuleStatusOptions {
  readonly engine: Engine;
  readonly model: ScoringModel & { readonly sha256?: string };
  readonly counters: EdgeCounters;
  /** Messages held now. */
  readonly held: () => number;
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
    const { engine, model, counters, held } = this.#options;
    const { backend, backendReason, execution } = engine.describe();
    return {
      schemaVersion: '1.0',
      state: this.#state,
      startedAt: this.#startedAt,
      isIdle: held() === 0,
      model: { ...model },
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
      lastError: this.#lastError,
    };
  }
}

function cut(text: string): string {
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text;
}
