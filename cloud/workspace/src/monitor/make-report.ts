import { htmlPage } from '@edgewright/charts';
import type { HtmlPageOptions, PageSection } from '@edgewright/charts';
import { completeDriftSettings } from '@edgewright/contract';
import type { CollectedRow, DriftBaseline, DriftSettingsInput } from '@edgewright/contract';
import { compareCollected, trafficOf } from './collected-series.ts';
import type { CollectedSide } from './collected-series.ts';
import { sumOf } from './metrics-series.ts';
import type { MetricsSnapshot } from './metrics-series.ts';
import { collectedDrift, collectedTraffic, devicesSection, measuredDrift, metricsSection } from './report-sections.ts';
import type { ReportedDevice } from './report-sections.ts';

/** What a report is made of. */
export interface ReportMaterial {
  /** `NAME:VERSION`, when the report is about one model. */
  readonly model?: string;
  readonly baseline?: DriftBaseline | undefined;
  /** By time. */
  readonly inputs: readonly CollectedRow[];
  readonly outputs: readonly CollectedRow[];
  readonly snapshots: readonly MetricsSnapshot[];
  readonly devices: readonly ReportedDevice[];
  readonly drift: DriftSettingsInput;
  readonly madeAt: Date;
  /** Where the material comes from, for the foot of the page. */
  readonly sources: readonly string[];
}

/** What a report says, beside its page. */
export interface ReportFigures {
  readonly requests: number;
  readonly rows: number;
  /** Features that began to drift at some time, by `input NAME` and `output NAME`. */
  readonly drifted: readonly string[];
  readonly page: string;
}

/** Writes the page of a report. */
export function makeReport(material: ReportMaterial): ReportFigures {
  const { inputs, outputs, baseline, snapshots, devices } = material;
  const settings = completeDriftSettings(material.drift);
  const collected = inputs.length > 0 ? inputs : outputs;
  const sides = baseline === undefined ? [] : [
    compareCollected('input', inputs, { baseline, settings }),
    compareCollected('output', outputs, { baseline, settings }),
  ].filter((side) => side !== undefined); // prettier-ignore
  const drifted = [...new Set(sides.flatMap(({ side, began }) => began.map(({ feature }) => `${side} ${feature}`)))];
  const bySource = Map.groupBy(snapshots, ({ source }) => (/^https?:/.test(source) ? source : 'the metrics files'));
  const sections: PageSection[] = [
    ...(collected.length === 0 ? [] : [collectedTraffic(trafficOf(collected), modelsOf(collected))]),
    ...[...bySource].map(([source, found]) => metricsSection(source, found)),
    ...sides.map((side) => collectedDrift(side, settings)),
    ...(collected.length > 0 && baseline === undefined ? [withoutBaseline(material.model)] : []),
    ...[...bySource].flatMap(([source, found]) => measuredDrift(source, found) ?? []),
    ...(devices.length === 0 ? [] : [devicesSection(devices)]),
  ];
  const requests = new Set(collected.map(({ requestId }) => requestId)).size;
  const page = htmlPage({
    title: material.model === undefined ? 'Models in production' : `${material.model} in production`,
    lead: leadOf(collected),
    facts: factsOf({ requests, rows: collected.length, drifted, sides, material }),
    sections,
    foot: `Made ${material.madeAt.toISOString()} of ${material.sources.join(', ')}${baseline === undefined ? '' : `; the baseline is of ${baseline.source.rows} rows of ${baseline.source.file}`}.`,
  });
  return { requests, rows: collected.length, drifted, page };
}

interface Facts extends Pick<ReportFigures, 'requests' | 'rows' | 'drifted'> {
  readonly sides: readonly CollectedSide[];
  readonly material: ReportMaterial;
}

function factsOf({ requests, rows, drifted, sides, material }: Facts): NonNullable<HtmlPageOptions['facts']> {
  const { snapshots, devices, inputs, outputs } = material;
  const count = (value: number) => value.toLocaleString('en-US');
  const lasts = [...Map.groupBy(snapshots, ({ source }) => source).values()].flatMap((found) => found.at(-1) ?? []);
  const failed = lasts.reduce(
    (sum, snapshot) => sum + sumOf(snapshot, 'scoring_requests_total', ({ outcome }) => outcome !== 'ok'),
    0,
  );
  const drifting = devices.filter(({ drift }) => drift?.state === 'drifting').length;
  return [
    ...(inputs.length + outputs.length === 0 ? [] : [{ label: 'requests collected', value: count(requests) }, { label: 'rows', value: count(rows) }]), // prettier-ignore
    ...(sides.length === 0
      ? []
      : [{ label: 'features that drifted', value: String(drifted.length), isBad: drifted.length > 0 }]),
    ...(lasts.length === 0 ? [] : [{ label: 'failed requests', value: count(failed), isBad: failed > 0 }]),
    ...(devices.length === 0 ? [] : [{ label: 'devices that drift', value: `${drifting} of ${devices.length}`, isBad: drifting > 0 }]), // prettier-ignore
  ];
}

function withoutBaseline(model: string | undefined): PageSection {
  const why =
    model === undefined
      ? 'Name the model with --model NAME:VERSION, to compare what was collected with its baseline.'
      : `${model} has no baseline. Register a version with --baseline FILE, and drift can be told.`;
  return { heading: 'Drift', text: [why] };
}

function leadOf(rows: readonly CollectedRow[]): string {
  const [first] = rows;
  const last = rows.at(-1);
  return first === undefined || last === undefined ? '' : `Collected from ${first.time} to ${last.time}.`;
}

function modelsOf(rows: readonly CollectedRow[]): string[] {
  return [...new Set(rows.map(({ model, version }) => `${model}:${version}`))].toSorted();
}
