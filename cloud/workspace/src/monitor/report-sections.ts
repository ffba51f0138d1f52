import { barChart, lineChart } from '@edgewright/charts';
import type { PageSection } from '@edgewright/charts';
import type { DriftReport, DriftSettings, FeatureDrift } from '@edgewright/contract';
import type { CollectedSide, TrafficPoint } from './collected-series.ts';
import { quantileMs, risesOf, sumOf } from './metrics-series.ts';
import type { MetricsSnapshot } from './metrics-series.ts';

/** Features in a chart and in a table. */
const MAX_LINES = 6;
const MAX_BARS = 30;
const MAX_ROWS = 100;

const TIME = { label: 'time, UTC', kind: 'time' } as const;

/** Requests that were collected. */
export function collectedTraffic(
  { periodMs, points }: { readonly periodMs: number; readonly points: readonly TrafficPoint[] },
  models: readonly string[],
): PageSection {
  const perMinute = (count: number) => (count * 60_000) / periodMs;
  return {
    heading: 'Traffic',
    text: [
      `Requests and rows that were collected, a minute, of ${models.join(', ')}. Where only a sample is kept, this is the sample.`,
    ],
    charts: [
      lineChart({
        title: 'Collected traffic',
        x: TIME,
        y: { label: 'a minute' },
        series: [
          { name: 'requests', points: points.map(({ at, requests }) => [at, perMinute(requests)]) },
          { name: 'rows', points: points.map(({ at, rows }) => [at, perMinute(rows)]) },
        ],
      }),
    ],
  };
}

/** Traffic, latency and errors, as one source tells them. */
export function metricsSection(source: string, snapshots: readonly MetricsSnapshot[]): PageSection {
  const last = snapshots.at(-1);
  if (last === undefined) return { heading: source };
  const isError = (labels: Readonly<Record<string, string>>) => labels['outcome'] !== 'ok';
  const total = (snapshot: MetricsSnapshot) => sumOf(snapshot, 'scoring_requests_total');
  const failed = (snapshot: MetricsSnapshot) => sumOf(snapshot, 'scoring_requests_total', isError);
  const latency = (quantile: string) =>
    snapshots.map(({ at, ...rest }): [number, number | null] => [
      at,
      quantileMs({ at, ...rest }, 'scoring_duration_seconds', quantile) ?? null,
    ]);
  const rises = (count: (snapshot: MetricsSnapshot) => number) =>
    risesOf(snapshots, count).map(({ at, perSecond }): [number, number] => [at, perSecond]);
  const charts = [
    lineChart({ title: 'Requests a second', x: TIME, y: { label: 'requests a second' }, series: [{ name: 'all', points: rises(total) }, { name: 'failed', points: rises(failed) }] }),
    lineChart({ title: 'Latency', x: TIME, y: { label: 'ms' }, series: [{ name: 'median', points: latency('0.5') }, { name: '99 %', points: latency('0.99') }] }),
  ]; // prettier-ignore
  const outcomes = last.samples.filter(({ name }) => name === 'scoring_requests_total');
  return {
    heading: `Traffic, latency and errors of ${source}`,
    text: [
      `${total(last)} requests since the start, ${failed(last)} of them failed.`,
      ...(snapshots.length === 1 ? ['One moment gives no lines: ask longer with --for, or give several files.'] : []),
    ],
    ...(snapshots.length === 1 ? {} : { charts }),
    table: {
      head: ['host', 'outcome', 'requests', 'median ms', '99 % ms'],
      rows: outcomes.map(({ labels, value }) => {
        const ofHost = { ...last, samples: last.samples.filter((sample) => sample.labels['host'] === labels['host']) };
        const ms = (quantile: string) => quantileMs(ofHost, 'scoring_duration_seconds', quantile)?.toFixed(2) ?? '';
        return [labels['host'] ?? '', labels['outcome'] ?? '', value, ms('0.5'), ms('0.99')];
      }),
    },
  };
}

/** Drift as a program measured it itself. */
export function measuredDrift(source: string, snapshots: readonly MetricsSnapshot[]): PageSection | undefined {
  const last = snapshots.at(-1);
  const samples = last?.samples.filter(({ name }) => name === 'drift_psi') ?? [];
  if (last === undefined || samples.length === 0) return undefined;
  const sorted = samples.toSorted((a, b) => b.value - a.value);
  const valueOf = (name: string, labels: Readonly<Record<string, string>>) =>
    last.samples.find((sample) => sample.name === name && sample.labels['feature'] === labels['feature'] && sample.labels['side'] === labels['side'] && sample.labels['model'] === labels['model'])?.value; // prettier-ignore
  return {
    heading: `Drift as ${source} measures it`,
    text: [
      `${sumOf(last, 'drift_drifting_features')} features drift, in a window of ${sumOf(last, 'drift_window_rows')} rows.`,
    ],
    charts: [
      barChart({
        title: 'Population stability index',
        xLabel: 'feature',
        y: { label: 'PSI' },
        seriesNames: ['PSI'],
        groups: sorted
          .slice(0, MAX_BARS)
          .map(({ labels, value }) => ({ label: labels['feature'] ?? '', values: [value] })),
      }),
    ],
    table: {
      head: ['model', 'side', 'feature', 'PSI', 'KS', 'missing', 'out of range'],
      rows: sorted
        .slice(0, MAX_ROWS)
        .map(({ labels, value }) => [
          `${labels['model']}:${labels['version']}`,
          labels['side'] ?? '',
          labels['feature'] ?? '',
          value.toFixed(3),
          valueOf('drift_ks', labels)?.toFixed(3) ?? '',
          share(valueOf('drift_missing_ratio', labels) ?? 0),
          share(valueOf('drift_out_of_range_ratio', labels) ?? 0),
        ]),
    },
  };
}

/** Drift of collected rows against the baseline. */
export function collectedDrift(side: CollectedSide, settings: DriftSettings): PageSection {
  const what = side.side === 'input' ? 'inputs' : 'outputs';
  const worst = side.overall.toSorted((a, b) => largest(side, b.name) - largest(side, a.name));
  const lines = worst.slice(0, MAX_LINES);
  const line = (value: (figure: FeatureDrift) => number | undefined, features: readonly FeatureDrift[]) =>
    features.map(({ name }) => ({
      name,
      points: side.points.map(({ at, figures }): [number, number | null] => {
        const figure = figures.find((each) => each.name === name);
        return [at, figure === undefined ? null : (value(figure) ?? null)];
      }),
    }));
  const firsts = [...new Map(side.began.toReversed().map((begin) => [begin.feature, begin])).values()];
  const alarms = firsts.slice(-5).map(({ at, feature }) => ({ value: at, label: feature }));
  const numeric = lines.filter(({ kind }) => kind === 'numeric');
  const charts = [
    lineChart({ title: `PSI of ${what} over time`, x: TIME, y: { label: 'PSI', max: settings.psi }, series: line(({ psi }) => psi, lines), horizontalMarks: [{ value: settings.psi, label: 'limit' }], verticalMarks: alarms }),
    ...(numeric.length === 0 ? [] : [lineChart({ title: `Kolmogorov–Smirnov of ${what} over time`, x: TIME, y: { label: 'KS', max: settings.ks }, series: line(({ ks }) => ks, numeric), horizontalMarks: [{ value: settings.ks, label: 'limit' }] })]),
    barChart({ title: `PSI of ${what}, at most`, xLabel: 'feature', y: { label: 'PSI' }, seriesNames: ['largest of all windows', 'all rows at once'], groups: worst.slice(0, MAX_BARS).map(({ name, psi }) => ({ label: name, values: [largest(side, name), psi] })), horizontalMarks: [{ value: settings.psi, label: 'limit' }] }),
  ]; // prettier-ignore
  return {
    heading: `Drift of ${what}`,
    text: [
      `${side.rows} rows, in windows of ${settings.windowRows} that move by ${settings.stepRows}. The lines are of the ${lines.length} features that differ most.`,
      ...alarmTexts(side),
    ],
    charts,
    table: {
      head: ['feature', 'largest PSI', 'PSI', 'p', 'KS', 'missing', 'in training', 'out of range'],
      rows: worst.slice(0, MAX_ROWS).map((each) => [each.name, largest(side, each.name).toFixed(3), each.psi.toFixed(3), each.pValue.toPrecision(2), each.ks?.toFixed(3) ?? '', share(each.missingRate), share(each.baselineMissingRate), share(each.outOfRangeRate)]), // prettier-ignore
    },
  };
}

/** What modules say in their twins. */
export function devicesSection(devices: readonly ReportedDevice[]): PageSection {
  return {
    heading: 'Devices',
    table: {
      head: ['device', 'state', 'model', 'scored', 'rejected', 'median ms', '99 % ms', 'drift', 'largest PSI', 'worst'],
      rows: devices.map(({ name, state, model, counters, latencyMs, drift }) => [
        name,
        state,
        model,
        counters['scored'] ?? 0,
        counters['rejected'] ?? 0,
        latencyMs?.p50.toFixed(2) ?? '',
        latencyMs?.p99.toFixed(2) ?? '',
        drift?.state ?? 'no baseline',
        drift?.psi ?? '',
        drift?.worst == null ? '' : `${drift.worst.feature} (${drift.worst.measure} ${drift.worst.value.toFixed(3)})`,
      ]),
    },
  };
}

/** What one module says in its twin. */
export interface ReportedDevice {
  readonly name: string;
  readonly state: string;
  readonly model: string;
  readonly counters: Readonly<Record<string, number>>;
  readonly latencyMs?: { readonly p50: number; readonly p99: number } | null;
  readonly drift?: DriftReport | null;
}

function alarmTexts({ began, points }: CollectedSide): string[] {
  if (points.length === 0) return ['There are too few rows for a comparison over time.'];
  if (began.length === 0) return ['No feature drifted.'];
  return began
    .slice(0, 20)
    .map(({ at, feature, measure, value, limit }) => `${new Date(at).toISOString()}: "${feature}" began to drift, ${measure} ${value.toFixed(3)} over ${limit}.`); // prettier-ignore
}

function largest({ points, overall }: CollectedSide, feature: string): number {
  const all = [...points.map(({ figures }) => figures), overall];
  return Math.max(...all.map((figures) => figures.find(({ name }) => name === feature)?.psi ?? 0));
}

function share(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}
