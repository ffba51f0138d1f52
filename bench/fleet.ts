import v8 from 'node:v8';
import vm from 'node:vm';
import { lintManifest } from '@edgewright/manifests';
import { planFleet } from '@edgewright/iothub';
import type { PlannedDeployment, PlannedDevice } from '@edgewright/iothub';
import type { Bench, Comparison, Sample } from './harness.ts';

const SMALL = 10_000;
const LARGE = 100_000;
/** How often a manifest is checked in one measurement. */
const TIMES = 20;
const PLAN_TIME = 'processor time to plan 100,000 devices, against 10,000';
const PLAN_HEAP = 'heap that the plan holds, the same way';

/** Without it, the heap says more about the collector than about the plan. */
const collectGarbage = ((): (() => void) => {
  v8.setFlagsFromString('--expose-gc');
  return vm.runInNewContext('gc') as () => void;
})();

/** Planning for fleets of two sizes, and lint of the largest manifest that IoT Hub takes. */
export function fleetBench(): Promise<Bench> {
  const comparisons = [planningComparison(), lintComparison()];
  return Promise.resolve({ comparisons, [Symbol.asyncDispose]: () => Promise.resolve() });
}

function fleetOf(size: number): PlannedDevice[] {
  return Array.from({ length: size }, (_, index) => ({
    deviceId: `device-${index}`,
    tags: { plant: index % 2 === 0 ? 'north' : 'south', ring: index % 10, machine: { age: index % 7 } },
  }));
}

function deployments(): { before: PlannedDeployment[]; after: PlannedDeployment[] } {
  const docker = (image: string) => ({ type: 'docker', status: 'running', settings: { image } });
  const modules = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`m${index}`, docker(`m${index}:1`)]));
  const named = (id: string, priority: number, more: Pick<PlannedDeployment, 'targetCondition' | 'content'>) => ({
    id,
    priority,
    createdTime: '2026-01-01T00:00:00Z',
    ...more,
  });
  const base = named('base', 1, {
    targetCondition: '*',
    content: {
      modulesContent: {
        $edgeAgent: { 'properties.desired': { modules } },
        $edgeHub: { 'properties.desired': { routes: { up: 'FROM /messages/* INTO $upstream' } } },
      },
    },
  });
  const layers = Array.from({ length: 8 }, (_, index) =>
    named(`layer-${index}`, 2 + index, {
      targetCondition: `tags.plant = '${index % 2 === 0 ? 'north' : 'south'}' AND tags.ring IN [${index}, ${index + 1}]`,
      content: { modulesContent: { $edgeAgent: { [`properties.desired.modules.m${index}`]: docker(`m${index}:2`) } } },
    }),
  );
  const added = named('new', 99, {
    targetCondition: 'tags.machine.age > 2',
    content: { modulesContent: { m1: { 'properties.desired.model': { version: '2' } } } },
  });
  return { before: [base, ...layers], after: [base, ...layers, added] };
}

/**
 * Ours plans 100,000 devices, the baseline is ours with 10,000: time and memory that grow with the fleet alone make a ratio of
 * 0.1, and what grows faster makes it smaller.
 */
function planningComparison(): Comparison {
  const change = deployments();
  const fleets = { small: fleetOf(SMALL), large: fleetOf(LARGE) };
  const plan = (devices: readonly PlannedDevice[]): Sample => {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const used = process.cpuUsage();
    const result = planFleet({ devices, ...change });
    const { user, system } = process.cpuUsage(used);
    collectGarbage();
    const mebibytes = (process.memoryUsage().heapUsed - before) / 2 ** 20;
    const planned = result.changing.reduce((sum, { deviceIds }) => sum + deviceIds.length, result.unchanged);
    if (planned !== devices.length) throw new TypeError(`planned ${planned} of ${devices.length} devices`);
    return { [PLAN_TIME]: (user + system) / 1000, [PLAN_HEAP]: mebibytes };
  };
  return {
    metrics: [
      { metric: PLAN_TIME, unit: 'ms', better: 'smaller', goal: 0.07 },
      { metric: PLAN_HEAP, unit: 'MiB', better: 'smaller', goal: 0.07 },
    ],
    ours: () => Promise.resolve(plan(fleets.large)),
    baseline: () => Promise.resolve(plan(fleets.small)),
  };
}

/** The baseline reads the same text as JSON, which is the least that any check of it does. Goal: 50 ms. */
function lintComparison(): Comparison {
  const text = JSON.stringify(manifestOf(50));
  const metric = 'processor time to lint 50 modules, against JSON.parse';
  const timed = (action: () => unknown): Promise<Sample> => {
    const used = process.cpuUsage();
    for (let time = 0; time < TIMES; time += 1) action();
    const { user, system } = process.cpuUsage(used);
    return Promise.resolve({ [metric]: (user + system) / 1000 / TIMES });
  };
  return {
    metrics: [{ metric, unit: 'ms', better: 'smaller' }],
    ours: () => timed(() => lintManifest(text, { source: 'bench.json' })),
    baseline: () => timed(() => JSON.parse(text) as unknown),
  };
}

function manifestOf(count: number): object {
  const docker = (image: string) => ({
    version: '1.0',
    type: 'docker',
    status: 'running',
    restartPolicy: 'always',
    settings: { image, createOptions: '{"HostConfig":{"Memory":536870912,"Binds":["/srv/data:/data"]}}' },
  });
  const names = Array.from({ length: count }, (_, index) => `module${index}`);
  const routes = names.map((name, index) => [
    `route${index}`,
    `FROM /messages/modules/${name}/outputs/* WHERE level > ${index} AND kind = 'a' INTO ${index === 0 ? '$upstream' : `BrokeredEndpoint("/modules/module${index - 1}/inputs/in")`}`,
  ]);
  return {
    modulesContent: {
      $edgeAgent: {
        'properties.desired': {
          schemaVersion: '1.1',
          runtime: { type: 'docker', settings: { minDockerVersion: 'v1.25', registryCredentials: {} } },
          systemModules: { edgeAgent: docker('agent:1.5'), edgeHub: docker('hub:1.5') },
          modules: Object.fromEntries(names.map((name) => [name, docker(`registry.example/${name}:1`)])),
        },
      },
      $edgeHub: {
        'properties.desired': {
          schemaVersion: '1.1',
          routes: Object.fromEntries(routes),
          storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
        },
      },
    },
  };
}
