import type { Bench, Comparison, Metric, Sample } from './harness.ts';
import { SENDERS } from './simulator/broker.ts';
import type { Broker, Target } from './simulator/broker.ts';
import { openAedes, openMosquitto, openSerialMosquitto, openStrictMosquitto } from './simulator/plain-brokers.ts';
import { openSimulator } from './simulator/simulator-broker.ts';
import { Clients } from './simulator/traffic.ts';

const ROUNDS = 3;
const cases: readonly { readonly target: Target; readonly senders: number; readonly messages: number }[] = [
  { target: 'module', senders: 1, messages: 2000 },
  { target: 'module', senders: SENDERS, messages: 40 * SENDERS },
  { target: 'upstream', senders: 1, messages: 2000 },
  { target: 'upstream', senders: SENDERS, messages: 40 * SENDERS },
];

/**
 * Messages through the simulator's edgeHub, stored on disk and routed to a module or to the hub, against the same clients over
 * a plain broker, where the receiver stands for module and hub alike: over Mosquitto with persistence, over the same with one
 * message at a time for each client, over Mosquitto with edgeHub's own promises, and over bare aedes.
 */
export async function simulatorBench(): Promise<Bench> {
  await using opened = new AsyncDisposableStack();
  const ours = await openSide(opened, openSimulator);
  const mosquitto = await openSide(opened, openMosquitto);
  const serial = await openSide(opened, openSerialMosquitto);
  const strict = await openSide(opened, openStrictMosquitto);
  const aedes = await openSide(opened, openAedes);
  const comparisons = [
    comparison({ name: 'mosquitto', ours, baseline: mosquitto, goal: 0.5 }),
    comparison({ name: 'mosquitto, one at a time', ours, baseline: serial }),
    comparison({ name: 'strict mosquitto', ours, baseline: strict }),
    comparison({ name: 'aedes', ours, baseline: aedes }),
  ];
  const closing = opened.move();
  return { comparisons, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

async function openSide(opened: AsyncDisposableStack, open: () => Promise<Broker>): Promise<Clients> {
  return opened.use(await Clients.connect(opened.use(await open())));
}

function comparison({
  name,
  ours,
  baseline,
  goal,
}: {
  readonly name: string;
  readonly ours: Clients;
  readonly baseline: Clients;
  readonly goal?: number;
}): Comparison {
  const asked = goal === undefined ? {} : { goal };
  const rates = cases.map((one): Metric => ({ metric: rateName(one, name), unit: '1/s', better: 'larger', ...asked }));
  const memory: Metric = { metric: memoryName(name), unit: 'KB', better: 'smaller' };
  const measured = (clients: Clients) => async (): Promise<Sample> => {
    const sample: Record<string, number> = { [memoryName(name)]: clients.bytesPerClient / 1024 };
    for (const one of cases) sample[rateName(one, name)] = await clients.rate(one.target, one);
    return sample;
  };
  return { metrics: [...rates, memory], rounds: ROUNDS, ours: measured(ours), baseline: measured(baseline) };
}

function rateName({ target, senders }: { target: Target; senders: number }, against: string): string {
  return `to ${target}, ${senders} ${senders === 1 ? 'sender' : 'senders'} (${against})`;
}

const memoryName = (against: string): string => `memory of a client (${against})`;
