import type { DriftSettings } from './drift-settings.ts';
import type { FeatureDrift } from './feature-drift.ts';

/** What of a feature can be over its limit. */
export const driftMeasures = ['psi', 'ks', 'missingRate', 'outOfRangeRate'] as const;

export type DriftMeasure = (typeof driftMeasures)[number];

/** A measure of a feature that is over its limit, or was. */
export interface DriftFinding {
  readonly feature: string;
  readonly measure: DriftMeasure;
  readonly value: number;
  readonly limit: number;
}

/** What has changed with a comparison. */
export interface DriftChange {
  readonly began: readonly DriftFinding[];
  readonly ended: readonly DriftFinding[];
}

/** An alarm ends only when a measure is well below its limit, or it would come and go. */
const END_SHARE = 0.8;

interface MeasureState {
  isOver: boolean;
  /** Comparisons in a row that speak against the present state. */
  against: number;
}

/**
 * Says when features begin and end to drift. A measure must be over its limit for some comparisons in a row, and below 80 % of it
 * as often for the end. The distribution's measures must also be no chance: with many features and small windows some are always
 * large.
 */
export class DriftAlarm {
  readonly #settings: DriftSettings;
  readonly #states = new Map<string, MeasureState>();
  readonly #findings = new Map<string, DriftFinding>();

  constructor(settings: DriftSettings) {
    this.#settings = settings;
  }

  /** What is over its limit now, the largest in terms of its limit first. */
  get findings(): readonly DriftFinding[] {
    return [...this.#findings.values()].toSorted((a, b) => b.value / b.limit - a.value / a.limit);
  }

  /** Looks at a comparison. */
  judge(figures: readonly FeatureDrift[]): DriftChange {
    const began: DriftFinding[] = [];
    const ended: DriftFinding[] = [];
    for (const figure of figures) {
      if (figure.rows < this.#settings.minimumRows) continue;
      for (const measure of driftMeasures) {
        const finding = this.#findingOf(figure, measure);
        if (finding === undefined) continue;
        const key = `${measure} ${figure.name}`;
        const state = this.#states.get(key) ?? { isOver: false, against: 0 };
        this.#states.set(key, state);
        const speaksAgainst = state.isOver
          ? finding.value < finding.limit * END_SHARE
          : finding.value >= finding.limit && this.#isCredible(figure, { measure, features: figures.length });
        state.against = speaksAgainst ? state.against + 1 : 0;
        if (state.against >= this.#settings.confirmations) {
          state.isOver = !state.isOver;
          state.against = 0;
          (state.isOver ? began : ended).push(finding);
        }
        if (state.isOver) this.#findings.set(key, finding);
        else this.#findings.delete(key);
      }
    }
    return { began, ended };
  }

  #findingOf(figure: FeatureDrift, measure: DriftMeasure): DriftFinding | undefined {
    const value = measure === 'missingRate' ? figure.missingRate - figure.baselineMissingRate : figure[measure];
    if (value === undefined) return undefined;
    return { feature: figure.name, measure, value, limit: this.#settings[measure] };
  }

  /** Of many features at once each must be the less likely (Bonferroni). */
  #isCredible(figure: FeatureDrift, { measure, features }: { measure: DriftMeasure; features: number }): boolean {
    const least = this.#settings.significance / Math.max(1, features);
    if (measure === 'psi') return figure.pValue < least;
    return measure !== 'ks' || (figure.ksPValue ?? 1) < least;
  }
}
