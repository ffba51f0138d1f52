import type { FeatureBaseline } from './drift-baseline.ts';
import type { DriftSettings } from './drift-settings.ts';
import { FeatureBins } from './feature-bins.ts';
import type { FeatureValue } from './feature-bins.ts';
import { featureDrift } from './feature-drift.ts';
import type { FeatureDrift } from './feature-drift.ts';

/**
 * Counts of the last rows of some features, in memory that does not grow: the window is made of steps, each with its own counts,
 * and the oldest step goes when a new one begins or when it is too old. So the window holds between `windowRows - stepRows` and
 * `windowRows` rows once it is full.
 */
export class DriftWindow {
  readonly #bins: readonly FeatureBins[];
  readonly #offsets: readonly number[];
  readonly #steps: readonly Uint32Array[];
  readonly #rows: Uint32Array;
  readonly #begunAt: Float64Array;
  readonly #settings: Pick<DriftSettings, 'stepRows' | 'windowSeconds'>;
  #current = 0;

  constructor(
    features: readonly FeatureBaseline[],
    settings: Pick<DriftSettings, 'windowRows' | 'stepRows' | 'windowSeconds'>,
  ) {
    this.#settings = settings;
    this.#bins = features.map((feature) => new FeatureBins(feature));
    let width = 0;
    this.#offsets = this.#bins.map((bins) => {
      width += bins.width;
      return width - bins.width;
    });
    const steps = Math.max(1, Math.ceil(settings.windowRows / settings.stepRows));
    this.#steps = Array.from({ length: steps }, () => new Uint32Array(width));
    this.#rows = new Uint32Array(steps);
    this.#begunAt = new Float64Array(steps);
  }

  /** Rows in the window. */
  get rows(): number {
    return this.#rows.reduce((sum, rows) => sum + rows, 0);
  }

  /**
   * Counts a row.
   *
   * @param values one for each feature, in their order
   * @param at milliseconds of any clock that does not go back
   * @returns true when a step is full: the moment to look at the figures
   */
  observe(values: readonly FeatureValue[], at: number): boolean {
    if ((this.#rows[this.#current] ?? 0) >= this.#settings.stepRows) this.#beginStep();
    this.expire(at);
    const rows = this.#rows[this.#current] ?? 0;
    if (rows === 0) this.#begunAt[this.#current] = at;
    const counts = this.#steps[this.#current];
    if (counts === undefined) return false;
    for (let place = 0; place < this.#bins.length; place += 1) {
      this.#bins[place]?.count(values[place], counts, this.#offsets[place] ?? 0);
    }
    this.#rows[this.#current] = rows + 1;
    return rows + 1 >= this.#settings.stepRows;
  }

  /** Forgets steps that began longer ago than the window is. */
  expire(at: number): void {
    const oldest = at - this.#settings.windowSeconds * 1000;
    for (let step = 0; step < this.#steps.length; step += 1) {
      if ((this.#rows[step] ?? 0) > 0 && (this.#begunAt[step] ?? 0) < oldest) this.#clear(step);
    }
  }

  /** How the rows in the window compare with the baseline, feature by feature. */
  figures(): FeatureDrift[] {
    const rows = this.rows;
    return this.#bins.map((bins, place) => featureDrift(bins, this.#sum(bins, this.#offsets[place] ?? 0), rows));
  }

  #sum(bins: FeatureBins, offset: number): Float64Array {
    const sum = new Float64Array(bins.width);
    for (const counts of this.#steps) {
      for (let place = 0; place < bins.width; place += 1)
        sum[place] = (sum[place] ?? 0) + (counts[offset + place] ?? 0);
    }
    return sum;
  }

  #beginStep(): void {
    this.#current = (this.#current + 1) % this.#steps.length;
    this.#clear(this.#current);
  }

  #clear(step: number): void {
    this.#steps[step]?.fill(0);
    this.#rows[step] = 0;
  }
}
