import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configurationOf } from '@edgewright/iothub';
import type { PlannedDeployment } from '@edgewright/iothub';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Hub } from '../hub/hub.ts';
import { twinJson } from '../hub/rest/twin-json.ts';
import { StateDatabase } from '../state/state-database.ts';
import { Deployments } from './deployments.ts';

// What layers make of a device, said here by hand (learn.microsoft.com: IoT Edge automatic deployments). The planner and the
// simulator, which were written apart, both have to come to it.

interface Wanted {
  readonly id: string;
  readonly priority: number;
  readonly targetCondition: string;
  readonly content: { readonly modulesContent: Readonly<Record<string, unknown>> };
}

const docker = (image: string) => ({ type: 'docker', status: 'running', settings: { image } });
const NORTH = "tags.plant = 'north'";

const base = (id: string, priority: number, image: string, more: { twin?: object; on?: string } = {}): Wanted => ({
  id,
  priority,
  targetCondition: more.on ?? '*',
  content: {
    modulesContent: {
      $edgeAgent: { 'properties.desired': { schemaVersion: '1.1', modules: { m: docker(image) } } },
      $edgeHub: {
        'properties.desired': { schemaVersion: '1.1', routes: { up: `FROM /messages/${id} INTO $upstream` } },
      },
      ...(more.twin === undefined ? {} : { m: { 'properties.desired': more.twin } }),
    },
  },
});
const layer = (id: string, priority: number, content: Readonly<Record<string, unknown>>, on = '*'): Wanted => ({
  id,
  priority,
  targetCondition: on,
  content: { modulesContent: content },
});
const image = (name: string, text: string) => ({
  $edgeAgent: { [`properties.desired.modules.${name}`]: docker(text) },
});
const route = (name: string, text: string) => ({ $edgeHub: { [`properties.desired.routes.${name}`]: text } });
const twin = (key: string, value: object) => ({ m: { [key]: value } });

interface Outcome {
  /** Deployments that are applied. */
  readonly applied: readonly string[];
  readonly images: Readonly<Record<string, string>>;
  readonly routes?: Readonly<Record<string, string>>;
  readonly twin?: Readonly<Record<string, unknown>>;
}

const cases: Readonly<Record<string, readonly [deployments: readonly Wanted[], outcome: Outcome]>> = {
  'a base alone': [[base('a', 1, 'm:1')], { applied: ['a'], images: { m: 'm:1' } }],
  'of two bases the one with the larger priority': [
    [base('a', 2, 'm:1'), base('b', 1, 'm:2')],
    { applied: ['a'], images: { m: 'm:1' } },
  ],
  'of two bases of one priority the newer': [
    [base('a', 1, 'm:1'), base('b', 1, 'm:2')],
    { applied: ['b'], images: { m: 'm:2' } },
  ],
  'a base that is meant for others': [
    [base('a', 1, 'm:1'), base('b', 2, 'm:2', { on: "tags.plant = 'south'" })],
    { applied: ['a'], images: { m: 'm:1' } },
  ],
  'a layer that replaces a module': [
    [base('a', 1, 'm:1'), layer('b', 2, image('m', 'm:2'))],
    { applied: ['a', 'b'], images: { m: 'm:2' } },
  ],
  'a layer that adds a module and a route': [
    [base('a', 1, 'm:1'), layer('b', 2, { ...image('n', 'n:1'), ...route('n', 'FROM /messages/n INTO $upstream') })],
    {
      applied: ['a', 'b'],
      images: { m: 'm:1', n: 'n:1' },
      routes: { up: 'FROM /messages/a INTO $upstream', n: 'FROM /messages/n INTO $upstream' },
    },
  ],
  'a layer that replaces a route': [
    [base('a', 1, 'm:1'), layer('b', 2, route('up', 'FROM /* INTO $upstream'))],
    { applied: ['a', 'b'], images: { m: 'm:1' }, routes: { up: 'FROM /* INTO $upstream' } },
  ],
  'a layer of the priority of the base does not count': [
    [base('a', 2, 'm:1'), layer('b', 2, image('m', 'm:2'))],
    { applied: ['a'], images: { m: 'm:1' } },
  ],
  'a layer below the base does not count': [
    [base('a', 2, 'm:1'), layer('b', 1, image('m', 'm:2'))],
    { applied: ['a'], images: { m: 'm:1' } },
  ],
  'a layer without a base does not count': [[layer('b', 2, image('m', 'm:2'))], { applied: [], images: {} }],
  'of two layers the one with the larger priority, wherever it stands': [
    [base('a', 1, 'm:1'), layer('c', 3, image('m', 'm:3')), layer('b', 2, image('m', 'm:2'))],
    { applied: ['a', 'b', 'c'], images: { m: 'm:3' } },
  ],
  'of two layers of one priority the newer': [
    [base('a', 1, 'm:1'), layer('b', 2, image('m', 'm:2')), layer('c', 2, image('m', 'm:3'))],
    { applied: ['a', 'b', 'c'], images: { m: 'm:3' } },
  ],
  'a layer over the stronger base only': [
    [base('a', 1, 'm:1'), layer('b', 2, image('n', 'n:1')), base('c', 3, 'm:3')],
    { applied: ['c'], images: { m: 'm:3' } },
  ],
  'a layer that is meant for others': [
    [base('a', 1, 'm:1'), layer('b', 2, image('m', 'm:2'), `NOT (${NORTH})`)],
    { applied: ['a'], images: { m: 'm:1' } },
  ],
  'a sub-node of a twin beside what the base says': [
    [base('a', 1, 'm:1', { twin: { x: 1 } }), layer('b', 2, twin('properties.desired.sub', { y: 2 }))],
    { applied: ['a', 'b'], images: { m: 'm:1' }, twin: { x: 1, sub: { y: 2 } } },
  ],
  'a sub-node of a twin in place of that of the base': [
    [base('a', 1, 'm:1', { twin: { sub: { x: 1, y: 1 } } }), layer('b', 2, twin('properties.desired.sub', { y: 2 }))],
    { applied: ['a', 'b'], images: { m: 'm:1' }, twin: { sub: { y: 2 } } },
  ],
  'all of a twin in place of what the base says': [
    [base('a', 1, 'm:1', { twin: { x: 1 } }), layer('b', 2, twin('properties.desired', { y: 2 }))],
    { applied: ['a', 'b'], images: { m: 'm:1' }, twin: { y: 2 } },
  ],
};

const tags = { plant: 'north' };

function bySimulator(wanted: readonly Wanted[]) {
  const directory = mkdtempSync(path.join(tmpdir(), 'edgewright-layers-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  let time = 1_700_000_000_000;
  using database = StateDatabase.open(directory);
  const hub = new Hub({ hostName: 'hub.test', database, now: () => (time += 1000) });
  using deployments = new Deployments({ hub, database, emit: () => {} });
  hub.createDevice({ deviceId: 'd', edge: true });
  hub.patchTwin({ deviceId: 'd' }, { tags });
  // all at once, so that the device keeps nothing of those that came first
  const made = wanted.map((each) => deployments.create({ ...each, targetCondition: '' }));
  for (const { id, targetCondition } of wanted) deployments.update(id, { targetCondition });
  const device = twinJson(hub, hub.twin('d')) as { readonly deviceId: string };
  const statuses = Object.entries(hub.twin('d').configurations ?? {});
  const desired = (moduleId: string) =>
    hub.modulesOf('d').some((module) => module.moduleId === moduleId)
      ? hub.twin('d', moduleId).desired.properties
      : undefined;
  return {
    device,
    planned: made.map((each, index): PlannedDeployment => ({
      ...each,
      targetCondition: wanted[index]?.targetCondition ?? '',
    })),
    outcome: outcomeOf(
      statuses.filter(([, { status }]) => status === 'Applied').map(([id]) => id),
      desired,
    ),
  };
}

function outcomeOf(applied: readonly string[], desired: (moduleId: string) => unknown) {
  const agent = desired('$edgeAgent') as
    | { readonly modules?: Readonly<Record<string, { readonly settings: { readonly image: string } }>> }
    | undefined;
  const edgeHub = desired('$edgeHub') as { readonly routes?: Readonly<Record<string, string>> } | undefined;
  const images = Object.entries(agent?.modules ?? {}).map(([name, { settings }]) => [name, settings.image] as const);
  return {
    applied: applied.toSorted(),
    images: Object.fromEntries(images),
    routes: edgeHub?.routes,
    twin: desired('m'),
  };
}

describe('layers', () => {
  it.each(Object.entries(cases))('make %s', (_, [wanted, outcome]) => {
    const { device, planned, outcome: simulated } = bySimulator(wanted);
    const configuration = configurationOf(device, planned);
    const ours = outcomeOf(configuration?.deployments ?? [], (module) => configuration?.desired.get(module));
    expect(simulated).toMatchObject(outcome);
    expect(ours).toMatchObject(outcome);
  });
});
