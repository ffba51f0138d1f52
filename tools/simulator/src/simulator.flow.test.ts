import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ModuleClient } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { connectSimulator } from './connect-simulator.ts';
import { createSharedAccessSignature } from './hub/shared-access-signature.ts';
import { registryFor } from '../test/registry-client.ts';
import { startSimulator } from './simulator.ts';
import type { SimulatorOptions } from './simulator.ts';
import type { SimulatorClient } from './simulator-client.ts';
import type { TelemetryFilter, TelemetryRecord } from './hub/telemetry-record.ts';

let stateDirectory: string;
beforeEach(async () => {
  stateDirectory = await mkdtemp(path.join(tmpdir(), 'edgewright-simulator-'));
});
afterEach(async () => {
  await rm(stateDirectory, { recursive: true, force: true });
});

async function start(options: Partial<SimulatorOptions> = {}) {
  const simulator = await startSimulator({ stateDirectory, nodePath: process.execPath, ...options });
  onTestFinished(async () => await simulator.stop());
  return simulator;
}

/** Makes an edge device whose edgeHub passes everything on to the hub. */
async function createEdgeDevice(simulator: SimulatorClient, deviceId = 'edge-1') {
  const device = await simulator.createDevice({ deviceId, edge: true });
  const { connectionString, httpsPort, caFile } = simulator.info;
  const key = connectionString.slice(connectionString.indexOf('SharedAccessKey=') + 'SharedAccessKey='.length);
  const expiresAt = Math.floor(Date.now() / 1000) + 600;
  const token = createSharedAccessSignature('localhost', key, { expiresAt, policy: 'iothubowner' });
  const registry = registryFor(token, { port: httpsPort, ca: await readFile(caFile, 'utf8') });
  const desired = {
    schemaVersion: '1.1',
    routes: { up: 'FROM /messages/* INTO $upstream' },
    storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
  };
  await registry.updateModuleTwin(deviceId, '$edgeHub', { properties: { desired } }, '*');
  return device;
}

async function read(client: SimulatorClient, filter: TelemetryFilter, count: number): Promise<TelemetryRecord[]> {
  const records: TelemetryRecord[] = [];
  for await (const record of client.monitor(filter, AbortSignal.timeout(20_000))) {
    records.push(record);
    if (records.length === count) break;
  }
  return records;
}

const messages = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ body: { n }, properties: { n: `${n}` } }));

describe('a simulator with an edge device', () => {
  it('carries messages of a module to whoever monitors, in this process and from another', async () => {
    const simulator = await start();
    const client = await connectSimulator(stateDirectory);
    const device = await createEdgeDevice(client);
    expect(device.gateway).toMatch(/^localhost:\d+$/);
    const here = read(simulator, { deviceId: 'edge-1' }, 5);
    const there = read(client, { outputName: 'out', properties: { n: '3' } }, 1);
    const result = await client.send({ deviceId: 'edge-1', moduleId: 'sensor', output: 'out', messages: messages(5) });
    expect(result.confirmed).toBe(5);
    expect((await here).map((record) => record.properties['n'])).toEqual(['0', '1', '2', '3', '4']);
    const [third] = await there;
    expect(third).toMatchObject({ sequenceNumber: 4, moduleId: 'sensor', enqueuedTime: expect.any(String) });
    expect(third?.body.toString()).toBe('{"n":3}');
    expect(await client.lastSequenceNumber()).toBe(5);
    expect(await read(client, { afterSequenceNumber: 2 }, 3)).toHaveLength(3);
  });

  it('lets a module of a developer join, calls its methods, and shows that it is connected', async () => {
    const simulator = await start();
    await simulator.createDevice({ deviceId: 'edge-1', edge: true });
    const { connectionString, caFile, environment } = await simulator.moduleCredentials('edge-1', 'mine');
    expect(environment).toEqual({
      EdgeHubConnectionString: expect.stringContaining('ModuleId=mine;'),
      EdgeModuleCACertificateFile: caFile,
    });
    const module = ModuleClient.fromConnectionString(connectionString, Mqtt);
    onTestFinished(async () => void (await module.close()));
    await module.setOptions({ ca: await readFile(caFile, 'utf8') });
    await module.open();
    module.onMethod('echo', (request, response) => {
      response?.send(200, { got: request?.payload as unknown }, () => {});
    });
    const client = await connectSimulator(stateDirectory);
    const waited = await client.waitForModule({ deviceId: 'edge-1', moduleId: 'mine', timeoutMs: 5000 });
    expect(waited.connectionState).toBe('Connected');
    const call = { deviceId: 'edge-1', moduleId: 'mine', methodName: 'echo', payload: [1], connectTimeoutMs: 5000 };
    expect(await client.invokeMethod(call)).toEqual({ status: 200, payload: { got: [1] } });
  });

  it('says what a module does that does not come up', async () => {
    const simulator = await start();
    await simulator.createDevice({ deviceId: 'edge-1', edge: true });
    await expect(
      simulator.waitForModule({ deviceId: 'edge-1', moduleId: 'none', timeoutMs: 200 }),
    ).rejects.toMatchObject({
      code: 'SimulatedTargetTimeout',
      message: expect.stringContaining('the device has no such module'),
    });
  });

  it('keeps messages while the device is offline', async () => {
    const simulator = await start({ edgeHubTimings: { retryMinimumMs: 50, retryDeltaMs: 50, retryMaximumMs: 200 } });
    await createEdgeDevice(simulator);
    expect(await simulator.setOnline('edge-1', false)).toMatchObject({ online: false });
    await simulator.send({ deviceId: 'edge-1', moduleId: 'sensor', output: 'out', messages: messages(3) });
    expect(await simulator.lastSequenceNumber()).toBe(0);
    const arriving = read(simulator, { afterSequenceNumber: 0 }, 3);
    expect(await simulator.setOnline('edge-1', true)).toMatchObject({ online: true });
    expect((await arriving).map((record) => record.properties['n'])).toEqual(['0', '1', '2']);
  });

  it('starts its edge devices again on their ports, with what they had not sent', async () => {
    const options = { edgeHubTimings: { retryMinimumMs: 50, retryDeltaMs: 50, retryMaximumMs: 200 } };
    const first = await start(options);
    const before = await createEdgeDevice(first);
    await first.setOnline('edge-1', false);
    await first.send({ deviceId: 'edge-1', moduleId: 'sensor', output: 'out', messages: messages(2) });
    const { connectionString } = await first.moduleCredentials('edge-1', 'sensor');
    await first.stop();
    const second = await start(options);
    expect(await read(second, { afterSequenceNumber: 0 }, 2)).toHaveLength(2);
    const [after] = await second.devices();
    expect(after?.gateway).toBe(before.gateway);
    expect((await second.moduleCredentials('edge-1', 'sensor')).connectionString).toBe(connectionString);
  });

  it('gives the first edge device the port asked for, and names it when it is taken', async () => {
    const first = await start();
    const { gateway = '' } = await first.createDevice({ deviceId: 'edge-1', edge: true });
    const port = Number(gateway.split(':')[1]);
    await expect(first.createDevice({ deviceId: 'edge-2', edge: true, mqttPort: port })).rejects.toMatchObject({
      code: 'SimulatorPortInUse',
      details: { port },
    });
    expect((await first.devices()).map((device) => device.deviceId)).toEqual(['edge-1']);
    await first.stop();
    const second = await start({ mqttPort: port });
    expect((await second.devices())[0]?.gateway).toBe(`localhost:${port}`);
  });

  it('ends a device’s edgeHub when the device is removed or disabled, and forgets what a removed one had kept', async () => {
    const simulator = await start();
    const { gateway = '' } = await createEdgeDevice(simulator);
    const port = Number(gateway.split(':')[1]);
    expect(await isOpen(port)).toBe(true);
    await simulator.setOnline('edge-1', false);
    await simulator.send({ deviceId: 'edge-1', moduleId: 'sensor', output: 'out', messages: messages(1) });
    await simulator.removeDevice('edge-1');
    expect(await isOpen(port)).toBe(false);
    expect(await readdir(path.join(stateDirectory, 'devices'))).toEqual([]);
    await createEdgeDevice(simulator);
    await simulator.send({ deviceId: 'edge-1', moduleId: 'sensor', output: 'out', messages: messages(1) });
    expect(await read(simulator, { afterSequenceNumber: 0 }, 1)).toHaveLength(1);
    expect(await simulator.lastSequenceNumber()).toBe(1);
  });
});

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const opened = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return opened;
}
