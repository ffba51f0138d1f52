import { DriftAlarm, DriftWindow } from '@edgewright/contract';
import type { DriftBaseline, DriftEvent, DriftReport, DriftSettings, DriftSide, FeatureBaseline, FeatureDrift } from '@edgewright/contract'; // prettier-ignore
import { valueIn } from './row-view.ts';
import type { RowView } from './row-view.ts';

/** A finding with the side that the feature is on. */
export type SidedFinding = DriftEvent['findings'][number];

/** What a comparison changed. */
export interface ModelDriftChange {
  readonly began: readonly SidedFinding[];
  readonly ended: readonly SidedFinding[];
}

/** A feature as it compares now. */
export interface SidedFigure extends FeatureDrift {
  readonly side: DriftSide;
}

interface Side {
  readonly side: DriftSide;
  readonly features: readonly FeatureBaseline[];
  readonly window: DriftWindow;
  readonly alarm: DriftAlarm;
  figures: readonly FeatureDrift[];
}

/** What was seen of one model, compared with its baseline. */
export class ModelDrift {
  readonly name: string;
  readonly version: string;
  readonly #settings: DriftSettings;
  readonly #sides: readonly Side[];
  #since: string | null = null;

  constructor(
    { name, version }: { readonly name: string; readonly version: string },
    baseline: DriftBaseline,
    settings: DriftSettings,
  ) {
    this.name = name;
    this.version = version;
    this.#settings = settings;
    this.#sides = (['input', 'output'] as const)
      .map((side) => ({ side, features: side === 'input' ? baseline.inputs : baseline.outputs }))
      .filter(({ features }) => features.length > 0)
      .map(({ side, features }) => ({
        side,
        features,
        window: new DriftWindow(features, settings),
        alarm: new DriftAlarm(settings),
        figures: [],
      }));
  }

  /** True when one of the rows has a value for one of the features. */
  knows(side: DriftSide, rows: readonly RowView[]): boolean {
    const features = this.#sides.find((each) => each.side === side)?.features ?? [];
    return rows.some((row) => features.some((feature, place) => valueIn(row, feature, place) !== undefined));
  }

  /**
   * Counts rows of one side.
   *
   * @param at milliseconds since 1970
   * @returns what has changed, when rows enough came for a comparison
   */
  observe(side: DriftSide, rows: readonly RowView[], at: number): ModelDriftChange | undefined {
    const found = this.#sides.find((each) => each.side === side);
    if (found === undefined) return undefined;
    const changes: ModelDriftChange[] = [];
    for (const row of rows) {
      const isFull = found.window.observe(
        found.features.map((feature, place) => valueIn(row, feature, place)),
        at,
      );
      if (isFull) changes.push(this.#compare(found, at));
    }
    if (changes.length === 0) return undefined;
    return { began: changes.flatMap(({ began }) => began), ended: changes.flatMap(({ ended }) => ended) };
  }

  /** All features, as the last comparison found them. */
  figures(): SidedFigure[] {
    return this.#sides.flatMap(({ side, figures }) => figures.map((figure) => ({ ...figure, side })));
  }

  /** What is over its limit now, the furthest first. */
  findings(): SidedFinding[] {
    return this.#sides
      .flatMap(({ side, alarm }) => alarm.findings.map((finding) => ({ side, ...finding })))
      .toSorted((a, b) => b.value / b.limit - a.value / a.limit);
  }

  /** Rows in the window; of the side that has more. */
  get rows(): number {
    return Math.max(0, ...this.#sides.map(({ window }) => window.rows));
  }

  /** In short, for a twin. */
  report(unread: number): DriftReport {
    const figures = this.figures();
    const findings = this.findings();
    const largest = (value: (figure: FeatureDrift) => number | undefined) => rounded(Math.max(0, ...figures.map((each) => value(each) ?? 0))); // prettier-ignore
    const [worst] = findings;
    const isJudged = figures.some(({ rows }) => rows >= this.#settings.minimumRows);
    return {
      state: worst !== undefined ? 'drifting' : isJudged ? 'steady' : 'collecting',
      model: `${this.name}:${this.version}`,
      rows: this.rows,
      drifting: new Set(findings.map(({ side, feature }) => `${side} ${feature}`)).size,
      psi: largest(({ psi }) => psi),
      ks: largest(({ ks }) => ks),
      missingRate: largest(({ missingRate, baselineMissingRate }) => missingRate - baselineMissingRate),
      outOfRangeRate: largest(({ outOfRangeRate }) => outOfRangeRate),
      worst: worst === undefined ? null : { ...worst, value: rounded(worst.value) },
      unread,
      since: this.#since,
    };
  }

  #compare(side: Side, at: number): ModelDriftChange {
    side.figures = side.window.figures();
    const { began, ended } = side.alarm.judge(side.figures);
    if (began.length + ended.length > 0) this.#since = new Date(at).toISOString();
    const sided = (finding: Omit<SidedFinding, 'side'>): SidedFinding => ({ side: side.side, ...finding });
    return { began: began.map(sided), ended: ended.map(sided) };
  }
}

/** Four digits tell enough; more are bytes of a twin. */
export function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
