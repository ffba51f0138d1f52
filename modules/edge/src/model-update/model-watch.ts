import type { ModelBaseline } from './update-record.ts';

/** When a new model is rolled back; `modelGate` of the desired properties with its defaults. */
export interface ModelGate {
  readonly windowSeconds: number;
  readonly minimumMessages: number;
  readonly maxErrorRate: number;
  readonly maxLatencyRatio: number;
}

export const defaultModelGate: ModelGate = {
  windowSeconds: 300,
  minimumMessages: 20,
  maxErrorRate: 0.05,
  maxLatencyRatio: 3,
};

/** Messages that are looked at: the last ones. */
const WINDOW = 1_000;
/** A model may always take this much longer, in milliseconds: less is noise. */
const NOISE_MS = 1;
/** Medians are worked out once in so many messages. */
const JUDGE_EVERY = 10;

/** Watches how a model does: errors and time in the model, of its last thousand messages. */
export class ModelWatch {
  readonly #times = new Float64Array(WINDOW);
  readonly #failures = new Uint8Array(WINDOW);
  #count = 0;
  #scored = 0;
  #failed = 0;

  /** @param runMs time in the model */
  scored(runMs: number): void {
    this.#times[this.#scored % WINDOW] = runMs;
    this.#scored += 1;
    this.#note(0);
  }

  failed(): void {
    this.#note(1);
  }

  get messages(): number {
    return this.#count;
  }

  /** What the next model is compared with. */
  baseline(minimumMessages: number): ModelBaseline {
    return {
      errorRate: this.#errorRate(),
      ...(this.#scored >= minimumMessages ? { medianMs: this.#medianMs() } : {}),
    };
  }

  /** Why the model is to be rolled back; undefined as long as it keeps to the gate. */
  judge(gate: ModelGate, baseline: ModelBaseline): string | undefined {
    if (this.#count < gate.minimumMessages) return undefined;
    const errorRate = this.#errorRate();
    const allowed = baseline.errorRate + gate.maxErrorRate;
    if (errorRate > allowed) {
      return `it failed on ${percent(errorRate)} of its last ${Math.min(this.#count, WINDOW)} messages, and ${percent(allowed)} are allowed`;
    }
    if (baseline.medianMs === undefined || this.#scored < gate.minimumMessages || this.#count % JUDGE_EVERY !== 0) {
      return undefined;
    }
    const medianMs = this.#medianMs();
    const allowedMs = Math.max(baseline.medianMs * gate.maxLatencyRatio, baseline.medianMs + NOISE_MS);
    if (medianMs <= allowedMs) return undefined;
    return `its median time is ${medianMs.toFixed(3)} ms, and ${allowedMs.toFixed(3)} ms are allowed`;
  }

  #note(failure: 0 | 1): void {
    const place = this.#count % WINDOW;
    this.#failed += failure - (this.#failures[place] ?? 0);
    this.#failures[place] = failure;
    this.#count += 1;
  }

  #errorRate(): number {
    return this.#count === 0 ? 0 : this.#failed / Math.min(this.#count, WINDOW);
  }

  #medianMs(): number {
    const sorted = this.#times.slice(0, Math.min(this.#scored, WINDOW)).sort();
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
