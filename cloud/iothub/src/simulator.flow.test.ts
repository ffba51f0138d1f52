import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DeploymentManifest } from '@edgewright/contract';
import { startSimulator } from '@edgewright/simulator';
import type { Simulator } from '@edgewright/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectHub } from './connect-hub.ts';
import type { Hub } from './hub.ts';

// the module is stopped, so that no image is needed: this is about the hub
const CONTENT = {
  $edgeAgent: {
    'properties.desired': {
      schemaVersion: '1.1',
      runtime: { type: 'docker' },
      systemModules: {
        edgeAgent: { type: 'docker', settings: { image: 'agent:1.5' } },
        edgeHub: { type: 'docker', status: 'running', restartPolicy: 'always', settings: { image: 'hub:1.5' } },
      },
      modules: {
        scorer: { type: 'docker', status: 'stopped', restartPolicy: 'always', settings: { image: 'scorer:1' } },
      },
    },
  },
  $edgeHub: {
    'properties.desired': {
      schemaVersion: '1.1',
      routes: { up: 'FROM /messages/* INTO $upstream' },
      storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
    },
  },
  scorer: { 'properties.desired': { mapping: { outputs: ['amlOutput'] } } },
} as const;

const MANIFEST: DeploymentManifest = { modulesContent: CONTENT };

let directory: string;
let simulator: Simulator;
let hub: Hub;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'edgewright-iothub-'));
  simulator = await startSimulator({ stateDirectory: directory, nodePath: process.execPath });
  const { connectionString, httpsPort, caFile } = simulator.info;
  hub = connectHub({ connectionString, port: httpsPort, caFile, timeoutMs: 10_000 });
});

afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await simulator[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe('connectHub on the simulator', () => {
  it('creates an edge device, and finds it there the second time', async () => {
    const created = await hub.createEdgeDevice('plant-1');
    expect(created).toMatchObject({ deviceId: 'plant-1', edge: true, enabled: true });
    expect(await hub.createEdgeDevice('plant-1')).toMatchObject({ deviceId: 'plant-1', edge: true });
    expect((await hub.listDevices()).map(({ deviceId }) => deviceId)).toEqual(['plant-1']);
  });

  it('refuses the name of a device that is no edge device', async () => {
    await simulator.createDevice({ deviceId: 'leaf' });
    await expect(hub.createEdgeDevice('leaf')).rejects.toMatchObject({ code: 'HubRejected' });
    await simulator.removeDevice('leaf');
  });

  it('applies a manifest, which then stands in the twins of the modules', async () => {
    await hub.createEdgeDevice('plant-2');
    await hub.applyManifest('plant-2', MANIFEST);
    const { $edgeAgent, scorer } = CONTENT;
    expect((await hub.moduleTwin('plant-2', '$edgeAgent')).desired).toMatchObject($edgeAgent['properties.desired']);
    expect((await hub.moduleTwin('plant-2', 'scorer')).desired).toMatchObject(scorer['properties.desired']);
    expect(await hub.getTwin('plant-2')).toMatchObject({ deviceId: 'plant-2', tags: {} });
  });

  it('names a device and a module that are not there', async () => {
    await expect(hub.applyManifest('nowhere', MANIFEST)).rejects.toMatchObject({
      code: 'DeviceNotFound',
      details: { status: 404 },
    });
    await hub.createEdgeDevice('plant-3');
    await expect(hub.moduleTwin('plant-3', 'nobody')).rejects.toMatchObject({ code: 'DeviceNotFound' });
  });

  it('says that the hub refuses a wrong key', async () => {
    const { connectionString, httpsPort: port, caFile } = simulator.info;
    const wrong = connectionString.replace(/SharedAccessKey=.*/, 'SharedAccessKey=d3Jvbmc=');
    await using other = connectHub({ connectionString: wrong, port, caFile });
    await expect(other.listDevices()).rejects.toMatchObject({ code: 'HubUnauthorized', details: { status: 401 } });
  });

  it('passes on why the hub refuses a name', async () => {
    await expect(hub.createEdgeDevice('not a name')).rejects.toMatchObject({ code: 'HubRejected', exitCode: 2 });
  });
});
