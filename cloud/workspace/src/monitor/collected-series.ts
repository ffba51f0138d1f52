import { DriftAlarm, DriftWindow } from '@edgewright/contract';
import type { CollectedCell, CollectedRow, DriftBaseline, DriftFinding, DriftSettings, FeatureBaseline, FeatureDrift, FeatureValue } from '@edgewright/contract'; // prettier-ignore
import { valueIn } from '@edgewright/drift';

/** Points of a line over time. */
const PERIODS = 60;

/** A comparison of the rows up to a time. */
export interface DriftPoint {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly figures: readonly FeatureDrift[];
}

/** When a feature began to drift. */
export interface DriftBegin extends DriftFinding {
  readonly at: number;
}

/** What collected rows show of one side of a model. */
export interface CollectedSide {
  readonly side: 'input' | 'output';
  readonly rows: number;
  readonly points: readonly DriftPoint[];
  /** All rows at once. */
  readonly overall: readonly FeatureDrift[];
  readonly began: readonly DriftBegin[];
}

/** Requests and rows in each period. */
export interface TrafficPoint {
  readonly at: number;
  readonly requests: number;
  readonly rows: number;
}

/** Compares rows, in the order of time, with a baseline. */
export function compareCollected(
  side: 'input' | 'output',
  rows: readonly CollectedRow[],
  { baseline, settings }: { readonly baseline: DriftBaseline; readonly settings: DriftSettings },
): CollectedSide | undefined {
  const features = side === 'input' ? baseline.inputs : baseline.outputs;
  if (features.length === 0 || rows.length === 0) return undefined;
  const all = new DriftWindow(features, { windowRows: rows.length, stepRows: rows.length, windowSeconds: Infinity });
  const window = new DriftWindow(features, settings);
  const alarm = new DriftAlarm(settings);
  const points: DriftPoint[] = [];
  const began: DriftBegin[] = [];
  for (const row of rows) {
    const at = Date.parse(row.time);
    const values = valuesOf(row.values, features);
    all.observe(values, at);
    if (!window.observe(values, at) || window.rows < settings.minimumRows) continue;
    const figures = window.figures();
    began.push(...alarm.judge(figures).began.map((finding) => ({ ...finding, at })));
    points.push({ at, figures });
  }
  return { side, rows: rows.length, points: thinned(points), overall: all.figures(), began };
}

/** Requests over time, in equal periods. */
export function trafficOf(rows: readonly CollectedRow[]): {
  readonly periodMs: number;
  readonly points: TrafficPoint[];
} {
  const times = rows.map(({ time }) => Date.parse(time));
  const first = times[0] ?? 0;
  const last = times.at(-1) ?? first;
  const periodMs = Math.max(1000, Math.ceil((last - first + 1) / PERIODS));
  const periods = Array.from({ length: Math.floor((last - first) / periodMs) + 1 }, () => ({
    ids: new Set<string>(),
    rows: 0,
  }));
  for (const [place, { requestId }] of rows.entries()) {
    const period = periods[Math.floor(((times[place] ?? first) - first) / periodMs)];
    period?.ids.add(requestId);
    if (period !== undefined) period.rows += 1;
  }
  const points = periods.map(({ ids, rows: count }, place) => ({
    at: first + place * periodMs,
    requests: ids.size,
    rows: count,
  }));
  return { periodMs, points };
}

function thinned(points: readonly DriftPoint[]): DriftPoint[] {
  const every = Math.ceil(points.length / 200);
  return points.filter((_, place) => place % every === 0 || place === points.length - 1);
}

/** Values by the names of features; of a tensor without such names by `NAME_0`, `NAME_1` and so on, or summed up. */
function valuesOf(
  values: Readonly<Record<string, CollectedCell>>,
  features: readonly FeatureBaseline[],
): FeatureValue[] {
  const lists = new Map<string, CollectedCell[]>();
  return features.map((feature, place) => {
    const { tensor, summary } = feature;
    if (feature.name in values) return valueIn({ named: values }, { name: feature.name, kind: feature.kind }, place);
    if (tensor === undefined) return undefined;
    const whole = values[tensor];
    if (typeof whole === 'object' && whole !== null) return ofSummary(whole, summary);
    if (whole !== undefined && summary === undefined) return valueIn({ named: { [tensor]: whole } }, feature, place);
    const list = lists.get(tensor) ?? listOf(values, tensor);
    lists.set(tensor, list);
    return list.length === 0 ? undefined : valueIn({ named: { [tensor]: list } }, feature, place);
  });
}

function ofSummary(
  cell: Exclude<CollectedCell, string | number | boolean | null>,
  summary: FeatureBaseline['summary'],
): FeatureValue {
  const figures = {
    mean: cell.mean,
    deviation: cell.std,
    minimum: cell.min,
    maximum: cell.max,
    confidence: cell.max,
    class: undefined,
  };
  return summary === undefined ? undefined : figures[summary];
}

function listOf(values: Readonly<Record<string, CollectedCell>>, tensor: string): CollectedCell[] {
  const list: CollectedCell[] = [];
  for (let place = 0; `${tensor}_${place}` in values; place += 1) list.push(values[`${tensor}_${place}`] ?? null);
  return list.map((cell) => (typeof cell === 'string' ? Number(cell) : cell));
}
