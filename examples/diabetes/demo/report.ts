import type { ImageSummary } from 'edgewright';
import { predict, rSquared } from '../ridge.ts';
import type { LinearModel } from '../ridge.ts';
import type { DiabetesTable, Patient } from '../table.ts';
import type { ScoredPatients } from './send-and-collect.ts';

/** How far a score may be from the closed form: the model is in 32-bit floats. */
const TOLERANCE = 1e-3;
const ROWS_SHOWN = 6;

/** What the demo prints with `--json`. */
export interface DemoReport {
  readonly passed: boolean;
  readonly sent: number;
  readonly scored: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly restarts: number;
  /** The largest distance of a score from the closed form. */
  readonly maxAbsError: number;
  readonly rSquared: number;
  readonly platforms: readonly string[];
  readonly image: { readonly reference: string; readonly digest: string };
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly totalMs: number;
  readonly rows: readonly { readonly patient: number; readonly predicted: number; readonly measured: number }[];
}

export interface ReportInput {
  readonly table: DiabetesTable;
  readonly model: LinearModel;
  readonly image: ImageSummary;
  readonly scored: ScoredPatients;
  readonly totalMs: number;
}

/** Compares what came back with what the closed form says. */
export function makeReport({ table, model, image, scored, totalMs }: ReportInput): DemoReport {
  const { scores, sent, duplicates, restarts } = scored;
  const rows = table.test.flatMap((patient: Patient) => {
    const score = scores.get(patient.row);
    if (score === undefined) return [];
    const error = Math.abs(score.predicted - predict(model, patient.features));
    return [
      { patient: patient.row, predicted: score.predicted, measured: patient.target, error, latencyMs: score.latencyMs },
    ];
  });
  const latencies = rows.map((row) => row.latencyMs).sort((a, b) => a - b);
  // a score that is no number must not slip through a comparison
  const maxAbsError = rows.every((row) => Number.isFinite(row.error))
    ? Math.max(0, ...rows.map((row) => row.error))
    : Number.MAX_VALUE;
  const lost = table.test.length - rows.length;
  return {
    passed: sent === table.test.length && lost === 0 && maxAbsError <= TOLERANCE,
    sent,
    scored: rows.length,
    lost,
    duplicates,
    restarts,
    maxAbsError,
    rSquared: rSquared(
      rows.map((row) => row.measured),
      rows.map((row) => row.predicted),
    ),
    platforms: image.platforms.map(({ platform }) => platform),
    image: { reference: image.reference, digest: image.digest },
    latencyMs: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
    totalMs,
    rows: rows.map(({ patient, predicted, measured }) => ({ patient, predicted, measured })),
  };
}

/** The smallest value that is not below the given share of all; NaN when there are none. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The report for people. */
export function reportText(report: DemoReport, folder: string): string {
  const line = (cells: readonly (string | number)[]) =>
    `    ${cells.map((cell) => String(cell).padStart(10)).join('')}`;
  const rows = report.rows
    .slice(0, ROWS_SHOWN)
    .map((row) => line([row.patient, row.predicted.toFixed(2), row.measured]));
  const verdict = report.passed
    ? 'Every score is the one that the closed form gives.'
    : `NOT AS IT SHOULD BE: ${report.lost} lost, largest error ${report.maxAbsError}`;
  return [
    '',
    line(['patient', 'predicted', 'measured']),
    ...rows,
    `    … and ${Math.max(0, report.rows.length - ROWS_SHOWN)} more`,
    '',
    `    R² ${report.rSquared.toFixed(4)}   sent ${report.sent}   scored ${report.scored}   lost ${report.lost}   repeated ${report.duplicates}   scorer restarts ${report.restarts}`,
    `    latency sensor → hub: p50 ${report.latencyMs.p50.toFixed(1)} ms, p99 ${report.latencyMs.p99.toFixed(1)} ms;  all of it took ${(report.totalMs / 1000).toFixed(1)} s`,
    `    ${verdict}`,
    '',
    `Look at ${folder}: the registry, the OCI image layout, the manifest, the scorer's log.`,
    'Where to go next:',
    '    npm run demo -- --kill                    the scorer is killed halfway; nothing is lost',
    '    npx edgewright serve .edgewright/demo/diabetes.onnx    the same model behind REST',
    '    npx edgewright --help                     every verb; docs/ has them in reading order',
  ].join('\n');
}
