import type { TuningFound } from '@edgewright/contract';
import type { Figures } from '../search/figures.ts';
import type { TuneReport } from './tune-report.ts';

const MEGABYTE = 2 ** 20;
/** A direct method may answer with 128 KB, and a way takes some 400 bytes. */
const MOST_WAYS = 150;

/** What a device tells of a report: the few figures that a twin holds, and the report with no more ways than a method's answer can carry. */
export function summariseTuning(report: TuneReport): Omit<TuningFound, 'engine'> {
  const { best, candidates, isDefault, reason, gain } = report;
  const [own] = candidates;
  const leftOut = Math.max(0, candidates.length - MOST_WAYS);
  return {
    isDefault,
    reason,
    gain: gain === null ? null : rounded(gain),
    best: best?.figures === undefined ? null : summaryOf(best.figures),
    default: own?.figures === undefined ? null : summaryOf(own.figures),
    report: {
      ...report,
      candidates: candidates.slice(0, MOST_WAYS),
      ...(leftOut === 0 ? {} : { candidatesLeftOut: leftOut }),
    },
  };
}

function summaryOf({ throughput, p99Ms, rssBytes, joulesPerRequest }: Figures): NonNullable<TuningFound['best']> {
  return {
    throughput: rounded(throughput),
    p99Ms: rounded(p99Ms),
    rssMb: rounded(rssBytes / MEGABYTE),
    ...(joulesPerRequest === undefined ? {} : { joulesPerRequest: rounded(joulesPerRequest) }),
  };
}

/** Four digits: the rest is noise, and bytes of a twin. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
