import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { thisProcess } from 'edgewright';
import type { DeploymentManifest, Simulator } from 'edgewright';
import { quantile } from '../harness.ts';
import type { Comparison, Sample } from '../harness.ts';
import type { Example } from './example.ts';

const DEVICE = 'bench-device';
const MESSAGES = 500;
const IN_FLIGHT = 32;
const IMAGE = 'diabetes:1';
const RATE = 'messages: rate';
const MEDIAN = 'messages: latency p50';
const TAIL = 'messages: latency p99';
const template = fileURLToPath(new URL('../../deployment-manifests/scorer.template.json', import.meta.url));
const echoProgram = fileURLToPath(new URL('./echo-module.ts', import.meta.url));

/** One module that answers: who answers, by which output, and by which output of the sensor it is fed. */
interface Answerer {
  readonly moduleId: string;
  readonly output: string;
  readonly sensorOutput: string;
}

const scorer: Answerer = { moduleId: 'scorer', output: 'amlOutput', sensorOutput: 'measurements' };
const echo: Answerer = { moduleId: 'echo', output: 'answers', sensorOutput: 'plain' };

/**
 * Sends messages from a sensor through edgeHub to a module and its answers on to the hub. Ours is the scorer in its image,
 * as the edge agent starts it: it scores each message and acknowledges it when its result is confirmed. The baseline is a bare
 * MQTT client that sends each message back unscored and acknowledges on receipt. Sensor, edgeHub and hub are the
 * same for both, so the ratio says what the scorer costs.
 */
export async function messageComparison(example: Example): Promise<Comparison & AsyncDisposable> {
  await using cleanup = new AsyncDisposableStack();
  const { workspace } = example;
  await workspace.images.build({
    models: ['diabetes:1'],
    inferenceConfig: example.inferenceConfig,
    tag: IMAGE,
  });
  const simulator = cleanup.use(await workspace.simulator.start());
  await workspace.edge.createDevice(DEVICE);
  // past the check of the manifest: the module of the baseline runs outside of it, which no fleet should have
  const hub = await workspace.edge.hub();
  await hub.applyManifest(DEVICE, await manifestWithEcho(example));
  await simulator.waitForModule({ deviceId: DEVICE, moduleId: scorer.moduleId });
  cleanup.use(await startEcho(simulator));
  const closing = cleanup.move();
  return {
    metrics: [
      { metric: RATE, unit: '1/s', better: 'larger' },
      { metric: MEDIAN, unit: 'ms', better: 'smaller' },
      { metric: TAIL, unit: 'ms', better: 'smaller' },
    ],
    ours: () => sendAndMeasure(simulator, scorer, example.rows),
    baseline: () => sendAndMeasure(simulator, echo, example.rows),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** The demo's manifest, with two more routes for the module of the baseline. */
async function manifestWithEcho({ workspace }: Example): Promise<DeploymentManifest> {
  const platform = thisProcess().platform ?? 'amd64';
  const { manifest } = await workspace.manifests.build({ template, platform, images: { [scorer.moduleId]: IMAGE } });
  const hub = manifest.modulesContent.$edgeHub['properties.desired'];
  const routes = {
    ...hub.routes,
    sensorToEcho: `FROM /messages/modules/sensor/outputs/${echo.sensorOutput} INTO BrokeredEndpoint("/modules/${echo.moduleId}/inputs/rows")`,
    echoToHub: `FROM /messages/modules/${echo.moduleId}/outputs/${echo.output} INTO $upstream`,
  };
  return { modulesContent: { ...manifest.modulesContent, $edgeHub: { 'properties.desired': { ...hub, routes } } } };
}

/** In a process of its own, as the scorer is. */
async function startEcho(simulator: Simulator): Promise<AsyncDisposable> {
  const { environment } = await simulator.moduleCredentials(DEVICE, echo.moduleId);
  const child = fork(echoProgram, [echo.output], { env: { ...process.env, ...environment } });
  const [first] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (first !== 'ready') throw new TypeError(`the echo module ended with ${String(first)} before it was ready`);
  return {
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

async function sendAndMeasure(
  simulator: Simulator,
  { moduleId, output, sensorOutput }: Answerer,
  rows: readonly (readonly number[])[],
): Promise<Sample> {
  const sentAt: number[] = [];
  const filter = { deviceId: DEVICE, moduleId, outputName: output };
  const afterSequenceNumber = await simulator.lastSequenceNumber();
  function* messages(): Generator<{ body: object }> {
    for (let index = 0; index < MESSAGES; index += 1) {
      sentAt[index] = performance.now();
      yield { body: { patient: index, data: [rows[index % rows.length]] } };
    }
  }
  const start = performance.now();
  const [latencies] = await Promise.all([
    collectLatencies(simulator.monitor({ ...filter, afterSequenceNumber }, AbortSignal.timeout(120_000)), sentAt),
    simulator.send({
      deviceId: DEVICE,
      moduleId: 'sensor',
      output: sensorOutput,
      messages: messages(),
      inFlight: IN_FLIGHT,
    }),
  ]);
  const elapsedMs = performance.now() - start;
  return {
    [RATE]: (MESSAGES / elapsedMs) * 1000,
    [MEDIAN]: quantile(latencies, 0.5),
    [TAIL]: quantile(latencies, 0.99),
  };
}

async function collectLatencies(
  records: AsyncIterable<{ readonly body: Buffer }>,
  sentAt: readonly number[],
): Promise<number[]> {
  const latencies = new Map<number, number>();
  for await (const { body } of records) {
    const { patient } = JSON.parse(body.toString()) as { patient: number };
    if (!latencies.has(patient)) latencies.set(patient, performance.now() - (sentAt[patient] ?? Number.NaN));
    if (latencies.size === MESSAGES) return [...latencies.values()];
  }
  throw new TypeError(`only ${latencies.size} of ${MESSAGES} answers came back`);
}
