import { existsSync } from 'node:fs';
import { pythonEnvironment } from '../test/support/python-environment.ts';
import { Station } from './edge/station.ts';
import type { StationModule } from './edge/station.ts';
import type { Bench, Comparison } from './harness.ts';

/** Messages that wait at edgeHub when a module begins. */
const BACKLOG = 200;
const SINGLE = 40;
const FACES = 30;
/** What scoring and everything around it may add to the time of one message, in milliseconds. */
const ALLOWED_MS = 0.5;

/**
 * The edge module against a bare echo that acknowledges after its output as well, and its journal against doing without. All
 * run as processes on one simulated edge device, whose edgeHub takes part in every figure.
 */
export async function edgeBench(): Promise<Bench> {
  await using stack = new AsyncDisposableStack();
  const station = stack.use(await Station.open());
  const faces = await faceComparisons(stack);
  const owned = stack.move();
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
      ...faces,
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function rates(
  station: Station,
  { name, ours, baseline, goal }: { name: string; ours: StationModule; baseline: StationModule; goal?: number },
  backlog = BACKLOG,
): Comparison {
  const metric = `edge: ${name}`;
  return {
    metrics: [{ metric, unit: '1/s', better: 'larger', ...(goal === undefined ? {} : { goal }) }],
    ours: async () => ({ [metric]: await station.rate(ours, backlog) }),
    baseline: async () => ({ [metric]: await station.rate(baseline, backlog) }),
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

/** Against a module on the stock SDK. Face detection is what a run takes tens of milliseconds for. */
async function faceComparisons(stack: AsyncDisposableStack): Promise<Comparison[]> {
  const model = process.env['EDGEWRIGHT_BENCH_FACES'] ?? '';
  if (!existsSync(model)) {
    process.stderr.write(
      'edge: face detection is left out: EDGEWRIGHT_BENCH_FACES names no ONNX file of UltraFace RFB 320\n',
    );
    return [];
  }
  const python = await pythonEnvironment('../../bench/edge/requirements.txt');
  if (typeof python === 'string') process.stderr.write(`edge: the module in Python is left out: ${python}\n`);
  const executable = typeof python === 'string' ? undefined : python.executable;
  const station = stack.use(await Station.openFaces(model, executable));
  return [
    ...facesAgainst(station, 'stock', 'the stock SDK'),
    ...(executable === undefined ? [] : facesAgainst(station, 'python', 'a module in Python')),
  ];
}

function facesAgainst(station: Station, baseline: 'stock' | 'python', name: string): Comparison[] {
  const late = `edge: face detection p99, against ${name}`;
  const behind = `edge: face detection, longest wait of a keep-alive, against ${name}`;
  const kept = `edge: face detection, share of messages kept over a kill, against ${name}`;
  const under = async (module: StationModule) => ({ [behind]: await station.unattended(module, FACES) });
  return [
    { ...rates(station, { name: `face detection, against ${name}`, ours: 'faces', baseline }, FACES), rounds: 3 },
    {
      metrics: [{ metric: late, unit: 'ms', better: 'smaller' }],
      ours: async () => ({ [late]: await station.latency('faces', FACES, 0.99) }),
      baseline: async () => ({ [late]: await station.latency(baseline, FACES, 0.99) }),
      rounds: 3,
    },
    {
      metrics: [{ metric: behind, unit: 'ms', better: 'smaller' }],
      ours: () => under('faces'),
      baseline: () => under(baseline),
      rounds: 3,
    },
    {
      metrics: [{ metric: kept, unit: '', better: 'larger' }],
      ours: async () => ({ [kept]: await station.keptOverKill('faces', FACES) }),
      baseline: async () => ({ [kept]: await station.keptOverKill(baseline, FACES) }),
      rounds: 1,
    },
  ];
}
