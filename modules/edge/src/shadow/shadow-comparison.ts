import type { DurationMetric, Metrics } from '@edgewright/telemetry';

/** Runs whose medians are compared: the last ones. */
const WINDOW = 1_000;

/** What a shadow model and the model in force had to say about the same messages. */
export class ShadowComparison {
  readonly #outcomes;
  readonly #durations: DurationMetric;
  #counts = { agreed: 0, disagreed: 0, failed: 0, skipped: 0 };
  #active: number[] = [];
  #shadow: number[] = [];

  constructor(metrics: Metrics) {
    this.#outcomes = metrics.counter({
      name: 'edge_shadow_total',
      help: 'Messages by what the shadow model said of them: agreed, disagreed, failed, skipped (it was busy)',
      labels: ['outcome'],
    });
    this.#durations = metrics.duration({ name: 'edge_shadow_run_seconds', help: 'Time in the shadow model' });
  }

  /** Another shadow model begins. The metrics go on. */
  reset(): void {
    this.#counts = { agreed: 0, disagreed: 0, failed: 0, skipped: 0 };
    this.#active = [];
    this.#shadow = [];
  }

  count(outcome: 'agreed' | 'disagreed' | 'failed' | 'skipped'): void {
    this.#counts[outcome] += 1;
    this.#outcomes.add({ outcome });
  }

  /** Milliseconds that the two took for one message. */
  times(activeMs: number, shadowMs: number): void {
    const place = (this.#counts.agreed + this.#counts.disagreed) % WINDOW;
    this.#active[place] = activeMs;
    this.#shadow[place] = shadowMs;
    this.#durations.observe({}, shadowMs);
  }

  totals() {
    const { agreed, disagreed } = this.#counts;
    const compared = agreed + disagreed;
    return {
      ...this.#counts,
      agreement: compared === 0 ? null : Math.round((agreed / compared) * 10_000) / 10_000,
      latencyMs: compared === 0 ? null : { active: median(this.#active), shadow: median(this.#shadow) },
    };
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 1000) / 1000;
}
