import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator } from '@edgewright/simulator';
import type { Simulator } from '@edgewright/simulator';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createTestCertificate } from '../../../test/support/test-certificate.ts';
import { connectHub } from './connect-hub.ts';
import type { Hub } from './hub.ts';
import { moduleLogs } from './module-logs.ts';
import { reviseDeployment } from './revise-deployment.ts';
import { watchFleet } from './watch-fleet.ts';
import type { ModuleNews } from './watch-fleet.ts';

const base = (image: string) => ({
  modulesContent: {
    $edgeAgent: {
      'properties.desired': {
        schemaVersion: '1.1',
        runtime: { type: 'docker' },
        systemModules: {
          edgeAgent: { type: 'docker', settings: { image: 'agent:1.5' } },
          edgeHub: { type: 'docker', status: 'running', restartPolicy: 'always', settings: { image: 'hub:1.5' } },
        },
        modules: { scorer: { type: 'docker', status: 'stopped', restartPolicy: 'always', settings: { image } } },
      },
    },
    $edgeHub: {
      'properties.desired': {
        schemaVersion: '1.1',
        routes: {},
        storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
      },
    },
  },
});

let directory: string;
let simulator: Simulator;
let hub: Hub;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'edgewright-fleet-'));
  simulator = await startSimulator({ stateDirectory: directory, nodePath: process.execPath });
  const { connectionString, httpsPort, caFile } = simulator.info;
  hub = connectHub({ connectionString, port: httpsPort, caFile, timeoutMs: 10_000 });
  await hub.createEdgeDevice('plant-1');
});

afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await simulator[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe('deployments', () => {
  it('are made, changed, revised and deleted, and never changed behind somebody’s back', async () => {
    const made = await hub.deployments.create({
      id: 'north',
      content: base('scorer:1'),
      targetCondition: '*',
      priority: 5,
    });
    expect(made).toMatchObject({ id: 'north', priority: 5, targetCondition: '*', labels: {} });
    await expect(hub.deployments.create({ id: 'north', content: base('x:1') })).rejects.toMatchObject({
      code: 'HubConflict',
    });
    const updated = await hub.deployments.update(made, { priority: 7, labels: { owner: 'ml' } });
    await expect(hub.deployments.update(made, { priority: 9 })).rejects.toMatchObject({ code: 'HubConflict' });
    expect(await hub.deployments.get('north')).toMatchObject({
      etag: updated.etag,
      priority: 7,
      results: { targetedCount: 1, appliedCount: 1 },
    });
    const second = await reviseDeployment(hub, 'north', { content: base('scorer:2'), keep: 1 });
    const third = await reviseDeployment(hub, 'north', { content: base('scorer:3'), keep: 1 });
    expect([second.created.id, second.removed, third.created.id, third.removed]).toEqual([
      'north-r2',
      [],
      'north-r3',
      ['north'],
    ]);
    expect(third.created).toMatchObject({ priority: 7, targetCondition: '*', labels: { owner: 'ml' } });
    expect((await hub.moduleTwin('plant-1', '$edgeAgent')).desired).toMatchObject({
      modules: { scorer: { settings: { image: 'scorer:3' } } },
    });
    expect((await hub.deployments.list()).map(({ id }) => id)).toEqual(['north-r2', 'north-r3']);
    for (const id of ['north-r2', 'north-r3']) await hub.deployments.remove(id);
    await expect(hub.deployments.get('north-r3')).rejects.toMatchObject({ code: 'DeviceNotFound' });
  });
});

describe('twins', () => {
  it('are changed only as they were read', async () => {
    const read = await hub.getTwin('plant-1');
    const changed = await hub.updateTwin({ deviceId: 'plant-1' }, { tags: { plant: 'north' } }, read.etag);
    expect(changed.tags).toEqual({ plant: 'north' });
    await expect(
      hub.updateTwin({ deviceId: 'plant-1' }, { tags: { plant: 'south' } }, read.etag),
    ).rejects.toMatchObject({
      code: 'HubConflict',
      details: { status: 412 },
    });
    const scorer = { deviceId: 'plant-1', moduleId: 'scorer' };
    expect((await hub.updateTwin(scorer, { desired: { x: 1 } }, '*')).desired).toMatchObject({ x: 1 });
  });
});

describe('methods', () => {
  it('are called, and logs are read by one', async () => {
    expect(await hub.invoke({ deviceId: 'plant-1', moduleId: '$edgeAgent', name: 'ping' })).toEqual({
      status: 200,
      payload: null,
    });
    await expect(hub.invoke({ deviceId: 'plant-1', moduleId: 'nobody', name: 'x' })).rejects.toMatchObject({
      code: 'DeviceNotFound',
    });
    await expect(moduleLogs(hub, { deviceId: 'plant-1', module: '(' })).rejects.toMatchObject({
      code: 'MethodRefused',
    });
    const logs = await moduleLogs(hub, { deviceId: 'plant-1', module: 'scorer', tail: 5 });
    expect(logs).toEqual([{ module: 'scorer', text: '' }]);
  });
});

describe('watchFleet', () => {
  it('tells how modules fare, and what changes', async () => {
    await hub.deployments.create({ id: 'watch', content: base('scorer:1'), targetCondition: '*', priority: 1 });
    const ending = new AbortController();
    const seen: ModuleNews[] = [];
    for await (const news of watchFleet(hub, { intervalMs: 50, signal: ending.signal })) {
      seen.push(news);
      if (news.image === 'scorer:1' && news.status === 'stopped') ending.abort();
    }
    expect(seen.at(-1)).toMatchObject({
      deviceId: 'plant-1',
      module: 'scorer',
      image: 'scorer:1',
      configurationCode: 200,
    });
    await hub.deployments.remove('watch');
  });
});

describe('listDevices', () => {
  it('goes beyond the thousand of the registry', async () => {
    const ids = Array.from({ length: 1005 }, (_, index) => `leaf-${String(index).padStart(4, '0')}`);
    for (let start = 0; start < ids.length; start += 50) {
      await Promise.all(ids.slice(start, start + 50).map((deviceId) => simulator.createDevice({ deviceId })));
    }
    const devices = await hub.listDevices();
    expect(devices).toHaveLength(1006);
    expect(devices.filter(({ edge }) => edge).map(({ deviceId }) => deviceId)).toEqual(['plant-1']);
  });
});

describe('Entra ID', () => {
  it('sends the token of the credential', async () => {
    const { certificate, privateKey } = await createTestCertificate();
    const caFile = path.join(directory, 'entra.pem');
    await writeFile(caFile, certificate);
    const seen: (string | undefined)[] = [];
    const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
      seen.push(request.headers.authorization);
      response.setHeader('content-type', 'application/json');
      response.end('[]');
    });
    server.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const asked: unknown[] = [];
    const credential = {
      getToken: async (scopes: string | string[]) => {
        asked.push(scopes);
        return await Promise.resolve({ token: 'of-entra', expiresOnTimestamp: Date.now() + 3_600_000 });
      },
    };
    await using entra = connectHub({ hostName: 'localhost', credential, port, caFile });
    expect(await entra.deployments.list()).toEqual([]);
    expect({ seen, asked }).toEqual({ seen: ['Bearer of-entra'], asked: ['https://iothubs.azure.net/.default'] });
  });
});
