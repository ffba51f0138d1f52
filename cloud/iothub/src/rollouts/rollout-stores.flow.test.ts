import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BlobServiceClient, ContainerSASPermissions } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAzurite } from '../../../../test/support/start-azurite.ts';
import type { Azurite } from '../../../../test/support/start-azurite.ts';
import { openRolloutStore } from './open-rollout-store.ts';
import type { RolloutDevice, RolloutRecord } from './rollout-record.ts';
import { rolloutView } from './rollout-view.ts';

let azurite: Azurite;
let directory: string;

beforeAll(async () => {
  azurite = await startAzurite();
  directory = await mkdtemp(path.join(tmpdir(), 'edgewright-stores-'));
}, 120_000);

afterAll(async () => {
  await azurite[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

let stores = 0;

/** A place of its own for each test, which it may open several times. */
function newPlace(kind: 'SQLite' | 'Blob') {
  stores += 1;
  const local = { directory: path.join(directory, `store-${stores}`) };
  const { connectionString } = azurite;
  const remote = { containerUrl: `${azurite.url}/store-${stores}`, storageConnectionString: connectionString };
  const options = kind === 'SQLite' ? local : { ...local, ...remote, lockWaitMs: 1500 };
  return async () => await openRolloutStore(options);
}

const record: RolloutRecord = {
  name: 'diabetes-2',
  file: {
    name: 'diabetes-2',
    content: 'layer.json',
    priority: 2,
    module: 'scorer',
    rings: [
      { name: 'canary', waitSeconds: 0 },
      { name: 'rest', waitSeconds: 0 },
    ],
    gates: [{ name: 'errors', ratio: ['failed', 'scored'], maximum: 0.1 }],
  },
  content: { modulesContent: { scorer: { 'properties.desired.model': { version: 2 } } } },
  state: 'running',
  wish: 'run',
  ring: 0,
  phase: 'pending',
  phaseSince: 1000,
  approved: 0,
  reason: '',
  createdTime: 1000,
};
const nothing = { desired: {}, counters: {} };
const devices: RolloutDevice[] = [
  { deviceId: 'a', ring: 0, before: nothing },
  { deviceId: 'b', ring: 1, before: nothing },
  { deviceId: 'c', ring: 1, before: nothing },
];
const started = { time: 1000, act: 'started', details: '' };
const counts = { ready: 1, pending: 0, failed: 0, offline: 0 };

describe.each(['SQLite', 'Blob'] as const)('a store in %s', (kind) => {
  it('keeps a rollout, what its devices had, its acts, and what was seen', async () => {
    const open = newPlace(kind);
    await using store = await open();
    await expect(store.get('diabetes-2')).rejects.toMatchObject({ code: 'RolloutNotFound' });
    await store.create(record, devices, started);
    await expect(store.create(record, devices, started)).rejects.toMatchObject({ code: 'RolloutExists' });
    const past = { desired: { scorer: { model: { version: 1 } } }, counters: { failed: 3 } };
    await store.keepPast('diabetes-2', 1, new Map([['c', past]]));
    await store.change('diabetes-2', { phase: 'watching' }, { time: 2000, act: 'deployed', details: 'x' });
    for (const [index, value] of [0.2, 0.05].entries()) {
      const gates = [{ gate: 'errors', value, passed: value <= 0.1 }];
      await store.noteLook('diabetes-2', { time: 3000 + index, ring: 0, devices: counts, gates });
    }
    await using other = await open();
    expect(await other.get('diabetes-2')).toEqual({ ...record, phase: 'watching' });
    expect((await other.list()).map(({ name }) => name)).toEqual(['diabetes-2']);
    expect(await other.sizesOf('diabetes-2')).toEqual([1, 2]);
    expect((await other.devicesOf('diabetes-2', 1)).map(({ deviceId, before }) => [deviceId, before])).toEqual([
      ['b', nothing],
      ['c', past],
    ]);
    expect((await other.auditOf('diabetes-2')).map(({ act }) => act)).toEqual(['started', 'deployed']);
    expect((await other.looksOf('diabetes-2', 3000)).map(({ time }) => time)).toEqual([3001]);
    const [canary] = (await rolloutView(other, 'diabetes-2')).rings;
    expect(canary).toMatchObject({
      state: 'watching',
      counts,
      gates: [{ gate: 'errors', maximum: 0.1, value: 0.05, passed: true, values: [0.2, 0.05] }],
    });
  });

  it('lets one controller work on a rollout at a time, and everybody else wish', async () => {
    const open = newPlace(kind);
    await using store = await open();
    await using other = await open();
    await store.create(record, devices, started);
    {
      await using lock = await store.lock('diabetes-2');
      await expect(other.lock('diabetes-2')).rejects.toMatchObject({ code: 'RolloutBusy' });
      await other.change('diabetes-2', { wish: 'pause' });
      await store.change('diabetes-2', { phase: 'deploying' });
      expect(lock.signal.aborted).toBe(false);
    }
    await using _next = await other.lock('diabetes-2');
    expect(await other.get('diabetes-2')).toMatchObject({ wish: 'pause', phase: 'deploying' });
  });

  it('loses nothing of what several write at once', async () => {
    const open = newPlace(kind);
    await using store = await open();
    await store.create(record, devices, started);
    const writers = ['a', 'b', 'c'].map(async (details) => {
      await using own = await open();
      for (let time = 0; time < 4; time += 1) await own.change('diabetes-2', {}, { time, act: 'wished', details });
    });
    await Promise.all(writers);
    expect((await store.auditOf('diabetes-2')).filter(({ act }) => act === 'wished')).toHaveLength(12);
  });
});

describe('a store in Blob storage', () => {
  it('takes a SAS of its container, and writes nothing for a controller that has lost its lease', async () => {
    const service = BlobServiceClient.fromConnectionString(azurite.connectionString);
    const container = service.getContainerClient('by-sas');
    await container.create();
    const containerUrl = await container.generateSasUrl({
      permissions: ContainerSASPermissions.parse('racwl'),
      expiresOn: new Date(Date.now() + 3_600_000),
    });
    await using store = await openRolloutStore({ directory, containerUrl });
    await store.create(record, devices, started);
    await using _lock = await store.lock('diabetes-2');
    await container.getBlobClient('diabetes-2/lock').getBlobLeaseClient().breakLease(0);
    await using other = await openRolloutStore({ directory, containerUrl });
    await using _taken = await other.lock('diabetes-2');
    await expect(store.change('diabetes-2', { state: 'done' })).rejects.toMatchObject({ code: 'RolloutBusy' });
    expect(await other.get('diabetes-2')).toMatchObject({ state: 'running' });
  });

  it.each([
    ['nowhere', 'it is no URL'],
    ['http://plant.blob.core.windows.net/rollouts', 'has to begin with https://'],
    ['https://plant.blob.core.windows.net/', 'name the container'],
    ['https://plant.blob.core.windows.net/a/b?sig=secret', 'name the container'],
  ])('refuses %s', async (containerUrl, reason) => {
    const failure = openRolloutStore({ directory, containerUrl });
    await expect(failure).rejects.toMatchObject({ code: 'RolloutStoreInvalid' });
    await expect(failure).rejects.toThrow(reason);
    await expect(failure).rejects.not.toThrow('secret');
  });

  it('tells who was refused', async () => {
    const containerUrl = `${azurite.url}/rollouts?sv=2020-08-04&sr=c&sp=racwl&sig=AAAA`;
    await using store = await openRolloutStore({ directory, containerUrl });
    await expect(store.list()).rejects.toMatchObject({ code: 'RolloutStoreRefused' });
  });
});
