import { htmlPage, lineChart } from '@edgewright/charts';
import type { LineSeries } from '@edgewright/charts';
import type { ModelProfile, ProfilePoint } from '@edgewright/contract';

/** The result of a profile as a page of its own: what is recommended, latency and throughput over cores, memory, and all figures. */
export function profilePage(profile: ModelProfile): string {
  const { name, models, points, recommendedCpu, recommendedMemoryInGB, maxLatencyMs, error } = profile;
  const x = { label: 'cores', min: 0 };
  const recommended =
    recommendedCpu === undefined ? [] : [{ value: recommendedCpu, label: `recommended: ${recommendedCpu}` }];
  const latency = lineChart({
    title: 'Latency of 95 % of the requests',
    x,
    y: { label: 'ms', kind: 'log' },
    series: overCores(points, ({ p95Ms }) => p95Ms),
    horizontalMarks: [{ value: maxLatencyMs, label: `target: ${shown(maxLatencyMs)} ms` }],
    verticalMarks: recommended,
  });
  const throughput = lineChart({
    title: 'Requests answered in a second',
    x,
    y: { label: 'requests/s' },
    series: overCores(points, ({ queriesPerSecond }) => queriesPerSecond),
    verticalMarks: recommended,
  });
  const memory = lineChart({
    title: 'Memory that was used',
    x,
    y: { label: 'GB' },
    series: overCores(points, ({ usedMemoryInGB }) => usedMemoryInGB),
  });
  return htmlPage({
    title: `Profile ${name}`,
    lead: `${models.join(', ')}: the smallest limits for cores and memory with which requests are answered well enough.`,
    facts: [
      { label: 'cores', value: recommendedCpu === undefined ? 'none' : String(recommendedCpu), isBad: error !== undefined },
      { label: 'memory', value: recommendedMemoryInGB === undefined ? 'none' : `${recommendedMemoryInGB} GB`, isBad: error !== undefined },
      { label: '95 % within', value: error === undefined ? `${shown(profile.latencyPercentile95InMs)} ms` : '–' },
      { label: 'target', value: `${shown(maxLatencyMs)} ms` },
      { label: 'requests/s', value: error === undefined ? shown(profile.measuredQueriesPerSecond) : '–' },
    ],
    sections: [
      { heading: 'By cores', ...(error === undefined ? {} : { text: [error] }), charts: [latency, throughput, memory] },
      { heading: 'All limits', table: { head: HEAD, rows: points.map(row) } },
    ],
    foot: `Measured ${profile.createdTime} with containers of this machine; requests came from the same machine, and took processor time as well.`,
  }); // prettier-ignore
}

const HEAD = [
  'cores',
  'memory GB',
  'outcome',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'requests/s',
  'failed',
  'used GB',
  'start s',
  'why',
];

function row(point: ProfilePoint): (string | number)[] {
  const { cpu, memoryInGB, outcome, p50Ms, p95Ms, p99Ms, queriesPerSecond, failedQueries, usedMemoryInGB, startMs } =
    point;
  const figures = [p50Ms, p95Ms, p99Ms, queriesPerSecond].map(shown);
  const start = startMs === undefined ? '' : (startMs / 1000).toFixed(1);
  return [cpu, memoryInGB, outcome, ...figures, failedQueries ?? '', shown(usedMemoryInGB), start, point.reason ?? ''];
}

/** A line for each memory limit. */
function overCores(points: readonly ProfilePoint[], figure: (point: ProfilePoint) => number | undefined): LineSeries[] {
  const memories = [...new Set(points.map(({ memoryInGB }) => memoryInGB))].toSorted((a, b) => b - a);
  return memories.flatMap((memory) => {
    const of = points.filter((point) => point.memoryInGB === memory);
    const placed = of.flatMap((point): [number, number][] => {
      const value = figure(point);
      return value === undefined ? [] : [[point.cpu, value]];
    });
    return placed.length === 0 ? [] : [{ name: `${memory} GB`, points: placed }];
  });
}

function shown(value: number | undefined): string {
  return value === undefined ? '' : value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
