import { Station } from './edge/station.ts';
import type { StationModule } from './edge/station.ts';
import type { Bench, Comparison } from './harness.ts';

/** Messages that wait at edgeHub when a module begins. */
const BACKLOG = 200;
const SINGLE = 40;
/** What scoring and everything around it may add to the time of one message, in milliseconds. */
const ALLOWED_MS = 0.5;

/**
 * The edge module against a bare echo that acknowledges after its output as well, and its journal against doing without. All
 * run as processes on one simulated edge device, whose edgeHub takes part in every figure.
 */
export async function edgeBench(): Promise<Bench> {
  const station = await Station.open();
  return {
    comparisons: [
      rates(station, { name: 'after-output, against a bare echo', ours: 'output', baseline: 'echo', goal: 0.8 }),
      addedLatency(station),
      rates(station, {
        name: 'after-journal (process crash), against after-output',
        ours: 'journal',
        baseline: 'output',
        goal: 1.5,
      }),
      rates(station, {
        name: 'after-journal (power loss), against after-output',
        ours: 'durable',
        baseline: 'output',
      }),
    ],
    [Symbol.asyncDispose]: () => station[Symbol.asyncDispose](),
  };
}

function rates(
  station: Station,
  { name, ours, baseline, goal }: { name: string; ours: StationModule; baseline: StationModule; goal?: number },
): Comparison {
  const metric = `edge: ${name}`;
  return {
    metrics: [{ metric, unit: '1/s', better: 'larger', ...(goal === undefined ? {} : { goal }) }],
    ours: async () => ({ [metric]: await station.rate(ours, BACKLOG) }),
    baseline: async () => ({ [metric]: await station.rate(baseline, BACKLOG) }),
  };
}

/** The difference of two medians, against what is allowed. A difference below what can be told apart counts as that. */
function addedLatency(station: Station): Comparison {
  const metric = 'edge: added latency p50, against what is allowed';
  return {
    metrics: [{ metric, unit: 'ms', better: 'smaller', goal: 1 }],
    ours: async () => {
      const echo = await station.latency('echo', SINGLE);
      const scorer = await station.latency('output', SINGLE);
      return { [metric]: Math.max(0.001, scorer - echo) };
    },
    baseline: () => Promise.resolve({ [metric]: ALLOWED_MS }),
  };
}
