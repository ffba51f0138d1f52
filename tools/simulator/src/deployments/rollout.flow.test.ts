import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { RolloutFile } from '@edgewright/contract';
import {
  connectHub,
  driveRollout,
  keepRollout,
  prepareRollout,
  rolloutView,
  SqliteRolloutStore,
} from '@edgewright/iothub';
import type { Hub as HubClient, RolloutRecord, RolloutStore } from '@edgewright/iothub';
import { expect, it, onTestFinished } from 'vitest';
import { RegistryFixture } from '../../test/registry-fixture.ts';
import type { Hub } from '../hub/hub.ts';

/** Of the proof with a controller that is killed; docs/rollouts.md has the figures of a thousand. */
const DEVICES = Number(process.env['EDGEWRIGHT_ROLLOUT_DEVICES'] ?? 150);
const SMALL_FLEET = 120;
const KILLS = 20;
/** A controller is killed after at most so many changes of twins, so that all its lives together need fewer than there are. */
const MOST_CHANGES = 6;
const DRIVER = path.resolve(import.meta.dirname, '../../../../test/support/drive-rollout.ts');

const BASE = {
  modulesContent: {
    $edgeAgent: {
      'properties.desired': {
        schemaVersion: '1.1',
        modules: { scorer: { type: 'docker', status: 'running', settings: { image: 'scorer:1' } } },
      },
    },
    $edgeHub: { 'properties.desired': { schemaVersion: '1.1', routes: {} } },
    scorer: { 'properties.desired': { logLevel: 'info', models: { diabetes: 1 } } },
  },
};

function rolloutFile(change: Partial<RolloutFile> = {}): RolloutFile {
  return {
    name: 'diabetes-2',
    content: 'layer.json',
    priority: 10,
    module: 'scorer',
    ready: 'properties.reported.model = 2',
    rings: [
      { name: 'canary', condition: "tags.ring = 'canary'", waitSeconds: 0 },
      { name: 'early', percent: 30, waitSeconds: 0 },
      { name: 'rest', waitSeconds: 0 },
    ],
    gates: [
      { name: 'errors', ratio: ['counters.failed', 'counters.scored'], maximum: 0.05 },
      { name: 'running', share: "properties.reported.state = 'running'", minimum: 0.99 },
      { name: 'latency', value: 'latencyMs.p99', aggregate: 'p95', maximum: 50 },
      { name: 'applied', metric: 'appliedCount', minimum: 1 },
    ],
    pollSeconds: 0.05,
    ...change,
  };
}

const layer = { modulesContent: { scorer: { 'properties.desired.models': { diabetes: 2, options: { threads: 2 } } } } };

/** Devices that report at once what a scorer would; the new model fails on old machines, of which no canary is one. */
async function startFleet(devices = SMALL_FLEET) {
  const fixture = await RegistryFixture.start();
  const { hub } = fixture;
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-rollout-'));
  const caFile = path.join(directory, 'ca.pem');
  await writeFile(caFile, fixture.ca);
  const key = fixture.policies.get('iothubowner')?.primaryKey ?? '';
  const settings = {
    connectionString: `HostName=localhost;SharedAccessKeyName=iothubowner;SharedAccessKey=${key}`,
    port: fixture.port,
    caFile,
  };
  const client = connectHub(settings);
  const store = SqliteRolloutStore.open(path.join(directory, 'rollouts'));
  const reporting = hub.onTwin(({ deviceId, moduleId }) => {
    if (moduleId === 'scorer') queueMicrotask(() => report(hub, deviceId));
  });
  hub.atomically(() => {
    for (let index = 0; index < devices; index += 1) {
      const deviceId = `d${index}`;
      hub.createDevice({ deviceId, edge: true });
      hub.patchTwin(
        { deviceId },
        { tags: index < 20 ? { ring: 'canary' } : { machine: index % 2 === 0 ? 'old' : 'new' } },
      );
    }
  });
  await client.deployments.create({ id: 'base', content: BASE, targetCondition: '*', priority: 1 });
  onTestFinished(async () => {
    reporting[Symbol.dispose]();
    await store[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });
  return { hub, client, store, settings, directory: path.join(directory, 'rollouts') };
}

function report(hub: Hub, deviceId: string): void {
  const { desired, reported } = hub.twin(deviceId, 'scorer');
  const model = (desired.properties['models'] as { diabetes?: number } | undefined)?.diabetes ?? 0;
  if (reported.properties['model'] === model) return;
  const isFailing = model === 2 && hub.twin(deviceId).tags['machine'] === 'old';
  const { counters } = reported.properties as { counters?: { scored: number; failed: number } };
  const scored = (counters?.scored ?? 0) + 100;
  const failed = (counters?.failed ?? 0) + (isFailing ? 40 : 0);
  hub.patchReported(deviceId, 'scorer', {
    model,
    state: 'running',
    counters: { scored, failed },
    latencyMs: { p99: 12 },
  });
}

/** What a rollout could leave behind. */
function remains(hub: Hub): string[] {
  return hub.devices(DEVICES + 1).flatMap(({ deviceId }) => {
    const models = hub.twin(deviceId, 'scorer').desired.properties;
    const twin = hub.twin(deviceId);
    const isClean =
      twin.tags['edgewright'] === undefined &&
      JSON.stringify(models) === JSON.stringify({ logLevel: 'info', models: { diabetes: 1 } }) &&
      Object.keys(twin.configurations ?? {}).join() === 'base';
    return isClean ? [] : [`${deviceId}: ${JSON.stringify([twin.tags, models, twin.configurations])}`];
  });
}

async function begin(fleet: { client: HubClient; store: RolloutStore }, file: RolloutFile, content: object = layer) {
  await keepRollout(
    fleet.store,
    await prepareRollout(fleet.client, { file, content: { ...content }, now: Date.now() }),
  );
}

it('rolls a bad model back by itself from the ring in which it fails, and leaves nothing over', async () => {
  const { hub, client, store } = await startFleet();
  await begin({ client, store }, rolloutFile());
  const touched = new Set<string>();
  using _watch = hub.onTwin(({ deviceId, moduleId }) => void (moduleId === 'scorer' && touched.add(deviceId)));
  const end = await driveRollout({
    hub: client,
    store,
    name: 'diabetes-2',
    signal: AbortSignal.timeout(60_000),
    now: Date.now,
  });
  expect(end).toMatchObject({ state: 'rolled-back', reason: expect.stringMatching(/^the gate "errors" is 0\.[12]/) });
  const view = await rolloutView(store, 'diabetes-2');
  expect(view.rings.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'canary rolled-back',
    'early rolled-back',
    'rest untouched',
  ]);
  expect(view.rings.map(({ devices }) => devices).reduce((sum, count) => sum + count)).toBe(SMALL_FLEET);
  const untouched = (await store.devicesOf('diabetes-2', 2)).map(({ deviceId }) => deviceId);
  expect(untouched.filter((deviceId) => touched.has(deviceId))).toEqual([]);
  expect(remains(hub)).toEqual([]);
  expect((await client.deployments.list()).map(({ id }) => id)).toEqual(['base']);
  expect((await store.auditOf('diabetes-2')).map(({ act }) => act)).toEqual([
    'started',
    'ring began',
    'deployed',
    'has the change',
    'ring passed',
    'ring began',
    'deployed',
    'rolls back',
    'rolled back',
    'rolled back',
    'rollback done',
  ]);
}, 120_000);

it('comes to the same end with a controller that is killed twenty times', async () => {
  const { hub, client, store, settings, directory } = await startFleet(DEVICES);
  await begin({ client, store }, rolloutFile());
  const task = JSON.stringify({ ...settings, directory, name: 'diabetes-2' });
  let kills = 0;
  while ((await store.get('diabetes-2')).state !== 'rolled-back') {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', DRIVER, task], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    if (kills < KILLS) {
      if (kills % 7 === 6) await killAtNextStep(child);
      else await killAfterChanges(hub, child, 1 + (kills % MOST_CHANGES));
      kills += 1;
    } else child.stdout.resume();
    await ended;
  }
  expect(kills).toBe(KILLS);
  expect((await rolloutView(store, 'diabetes-2')).rings.map(({ state }) => state)).toEqual([
    'rolled-back',
    'rolled-back',
    'untouched',
  ]);
  expect(remains(hub)).toEqual([]);
  expect((await client.deployments.list()).map(({ id }) => id)).toEqual(['base']);
}, 600_000);

type Controller = ChildProcessByStdio<null, Readable, null>;

/** In the middle of a step: the hub has taken some of its changes. */
async function killAfterChanges(hub: Hub, child: Controller, changes: number): Promise<void> {
  child.stdout.resume();
  let left = changes;
  using _watch = hub.onTwin(() => {
    left -= 1;
    if (left === 0) child.kill('SIGKILL');
  });
  await once(child, 'exit');
}

/** Where a step has been noted and the next begins. */
async function killAtNextStep(child: Controller): Promise<void> {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  await lines.next();
  child.kill('SIGKILL');
}

it('goes through to the end with a good model, waits for approval and the hub, and deletes what it replaces', async () => {
  const { hub, client, store } = await startFleet(40);
  await client.deployments.create({
    id: 'former',
    content: { modulesContent: { scorer: { 'properties.desired.former': { a: 1 } } } },
    targetCondition: '',
    priority: 2,
  });
  const rings = [
    { name: 'canary', count: 3, waitSeconds: 0 },
    { name: 'rest', waitSeconds: 0, approval: true },
  ];
  await begin({ client, store }, rolloutFile({ rings, gates: [], removeAfter: ['former', 'gone'] }));
  const drive = async (until: (record: RolloutRecord) => boolean = () => false) => {
    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(60_000)]);
    const onStep = (record: RolloutRecord) => void (until(record) && ending.abort());
    return await driveRollout({ hub: client, store, name: 'diabetes-2', signal, now: Date.now, onStep });
  };
  expect(await drive(({ reason }) => reason.includes('approval'))).toMatchObject({
    state: 'running',
    ring: 1,
    phase: 'pending',
    reason: 'the ring "rest" waits for approval',
  });
  // somebody else's change while the ring waits: it must outlive the rollout
  const [{ deviceId } = { deviceId: '' }] = await store.devicesOf('diabetes-2', 1);
  hub.patchTwin({ deviceId, moduleId: 'scorer' }, { desired: { logLevel: 'debug' } });
  await store.change('diabetes-2', { wish: 'pause' });
  expect((await rolloutView(store, 'diabetes-2')).state).toBe('paused');
  await store.change('diabetes-2', { wish: 'run', approved: 2 });
  {
    await using _held = await store.lock('diabetes-2');
    await expect(drive()).rejects.toMatchObject({ code: 'RolloutBusy' });
  }
  hub.throttle.set({ requests: 6 });
  expect(await drive()).toMatchObject({ state: 'done' });
  expect((await client.deployments.list()).map(({ id }) => id).toSorted()).toEqual([
    'base',
    'diabetes-2-ring1',
    'diabetes-2-ring2',
  ]);
  await store.change('diabetes-2', { state: 'running', wish: 'rollback' });
  expect(await drive()).toMatchObject({ state: 'rolled-back', reason: 'a person asked for it' });
  expect(hub.twin(deviceId, 'scorer').desired.properties).toEqual({ logLevel: 'debug', models: { diabetes: 1 } });
  hub.patchTwin({ deviceId, moduleId: 'scorer' }, { desired: { logLevel: 'info' } });
  expect(remains(hub)).toEqual([]);
}, 120_000);

it('refuses what does not fit the fleet, before anything changes', async () => {
  const { client, store } = await startFleet(3);
  await expect(begin({ client, store }, rolloutFile({ priority: 1 }))).rejects.toMatchObject({
    code: 'RolloutRefused',
  });
  await expect(begin({ client, store }, rolloutFile({ fleet: "tags.x = 'y'" }))).rejects.toMatchObject({
    code: 'RolloutRefused',
  });
  await expect(begin({ client, store }, rolloutFile({ ready: 'model =' }))).rejects.toMatchObject({
    code: 'ConditionInvalid',
  });
  expect(await store.list()).toEqual([]);
});
