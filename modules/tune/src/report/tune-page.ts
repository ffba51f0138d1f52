import { htmlPage, scatterChart } from '@edgewright/charts';
import type { ScatterPoint } from '@edgewright/charts';
import { REFERENCE_VARIANT } from '../search/candidate.ts';
import type { Figures } from '../search/figures.ts';
import type { TunedWay, TuneReport } from './tune-report.ts';

const MEGABYTE = 2 ** 20;

/** A way that was measured. */
type MeasuredWay = TunedWay & { readonly figures: Figures };

/** The plot of all ways that were measured: throughput over latency, sized by memory, with the ways that no other beats in both. */
export function tuneChart(report: TuneReport): string {
  const { maxP99Ms } = report.bounds;
  const ways = report.candidates.filter((way): way is MeasuredWay => way.figures !== undefined);
  const hasVariants = ways.some(({ variant }) => variant !== REFERENCE_VARIANT);
  const points = ways.map((way): ScatterPoint => {
    const { name, variant, figures, ran } = way;
    const label = labelOf(way, report);
    return {
      x: figures.p99Ms,
      y: figures.throughput,
      name,
      group: hasVariants ? variant : (ran?.backend ?? ''),
      size: figures.rssBytes / MEGABYTE,
      isOnFrontier: isOnFrontier(way, ways),
      ...(label === undefined ? {} : { label }),
    };
  });
  return scatterChart({
    title: `${report.model}: throughput and latency`,
    description:
      'Each circle is one way to run the model; its area is the memory that it took. The line joins those that no other way beats in both.',
    x: { label: 'p99 latency, ms', kind: 'log' },
    y: { label: 'requests a second' },
    points,
    sizeLabel: 'memory, MB',
    ...(maxP99Ms === undefined
      ? {}
      : { verticalMarks: [{ value: maxP99Ms, label: `at most ${digits(maxP99Ms)} ms` }] }),
    width: 760,
    height: 420,
  });
}

/** The report as a page in one file. */
export function tunePage(report: TuneReport): string {
  const {
    model,
    best,
    isDefault,
    reason,
    gain,
    noise,
    objective,
    load,
    machine,
    lookedAt,
    of,
    tookMs,
    budgetMs,
    seed,
    at,
  } = report;
  const figures = best?.figures;
  return htmlPage({
    title: `Tuning of ${model}`,
    lead:
      best === null
        ? `Nothing is changed: ${reason}.`
        : isDefault
          ? `The model is best left as it is: ${reason}.`
          : `Best: ${best.name}; ${reason}.`,
    facts: [
      ...(gain === null ? [] : [{ label: `${objective}, of the default's`, value: `${gain.toFixed(2)} ×` }]),
      ...(figures === undefined
        ? []
        : [
            { label: 'requests a second', value: digits(figures.throughput) },
            { label: 'p99', value: `${digits(figures.p99Ms)} ms` },
            { label: 'memory', value: `${digits(figures.rssBytes / MEGABYTE)} MB` },
          ]),
      { label: 'noise', value: `${(noise * 100).toFixed(1)} %` },
    ],
    sections: [
      { heading: 'Throughput and latency', charts: [tuneChart(report)], text: [boundsText(report)] },
      ...(best === null
        ? []
        : [
            {
              heading: 'What to set',
              text: [
                best.variant === REFERENCE_VARIANT ? '' : `The model file is the variant ${best.variant}.`,
                `engine: ${JSON.stringify(best.settings)}`,
              ].filter((text) => text !== ''),
            },
          ]),
      { heading: 'All ways that were looked at', table: tableOf(report) },
    ],
    foot:
      `${lookedAt} of ${of} ways, ${(tookMs / 1000).toFixed(0)} s of ${(budgetMs / 1000).toFixed(0)} s, seed ${seed}; ${loadText(load)}; ` +
      `${machine.cpu}, ${machine.processors} processors, ${machine.platform}; energy: ${machine.energy ?? 'this machine does not tell'}; ${at}`,
  });
}

/** The ways that nothing beats in both latency and throughput. */
export function isOnFrontier({ figures: own }: MeasuredWay, ways: readonly MeasuredWay[]): boolean {
  return !ways.some(
    ({ figures }) =>
      figures !== own &&
      figures.p99Ms <= own.p99Ms &&
      figures.throughput >= own.throughput &&
      (figures.p99Ms < own.p99Ms || figures.throughput > own.throughput),
  );
}

function labelOf({ name }: TunedWay, { best, candidates }: TuneReport): string | undefined {
  if (name === best?.name) return name === candidates[0]?.name ? 'default, the best' : 'best';
  return name === candidates[0]?.name ? 'default' : undefined;
}

function boundsText({ bounds: { maxP99Ms, maxMemoryBytes } }: TuneReport): string {
  return [
    maxP99Ms === undefined ? '' : `The p99 latency may be ${digits(maxP99Ms)} ms.`,
    maxMemoryBytes === undefined ? 'Memory is not bounded.' : `Memory may be ${digits(maxMemoryBytes / MEGABYTE)} MB.`,
    'Above and left is better; a larger circle takes more memory.',
  ].join(' ');
}

function tableOf({ candidates }: TuneReport) {
  const hasJoules = candidates.some(({ figures }) => figures?.joulesPerRequest !== undefined);
  return {
    head: [
      'way',
      'requests/s',
      'p50, ms',
      'p99, ms',
      'memory, MB',
      ...(hasJoules ? ['mJ/request'] : []),
      'round',
      'remark',
    ],
    rows: candidates
      .filter(({ round }) => round > 0)
      .map((way) => {
        const { name, figures, round } = way;
        const numbers =
          figures === undefined
            ? ['', '', '', '']
            : [figures.throughput, figures.p50Ms, figures.p99Ms, figures.rssBytes / MEGABYTE].map(threeDigits);
        const joules = figures?.joulesPerRequest;
        return [
          name,
          ...numbers,
          ...(hasJoules ? [joules === undefined ? '' : threeDigits(joules * 1000)] : []),
          round,
          remarkOf(way),
        ];
      }),
  };
}

/** What is to be said of a way beside its figures. */
export function remarkOf({ failure, holds, error }: TunedWay): string {
  if (failure !== undefined) return failure;
  const parts = [
    ...(holds === false ? ['exceeds a bound'] : []),
    ...(error === undefined ? [] : [`answers differ by ${(error * 100).toPrecision(2)} %`]),
  ];
  return parts.join('; ');
}

function loadText({ concurrency, rate }: TuneReport['load']): string {
  return rate === undefined ? `${concurrency} requests at once` : `${rate} requests a second`;
}

/** Three digits, which is all that measurements are good for. */
function digits(value: number): string {
  return String(threeDigits(value));
}

function threeDigits(value: number): number {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}
