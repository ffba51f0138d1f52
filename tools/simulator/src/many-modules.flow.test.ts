import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Message, ModuleClient } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { expect, it, onTestFinished } from 'vitest';
import { registryFor } from '../test/registry-client.ts';
import { createSharedAccessSignature } from './hub/shared-access-signature.ts';
import { startSimulator } from './simulator.ts';
import type { Simulator } from './simulator-client.ts';

const MODULES = 20;
const MESSAGES = 5;
const names = Array.from({ length: MODULES }, (_, index) => `m${index}`);

async function start(): Promise<Simulator> {
  const stateDirectory = await mkdtemp(path.join(tmpdir(), 'edgewright-many-'));
  const simulator = await startSimulator({ stateDirectory, nodePath: process.execPath });
  onTestFinished(async () => {
    await simulator.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  });
  return simulator;
}

/** Each module passes on to the next, the last one to the hub. */
async function chain(simulator: Simulator, deviceId: string): Promise<void> {
  const { connectionString, httpsPort, caFile } = simulator.info;
  const key = /SharedAccessKey=(.+)$/.exec(connectionString)?.[1] ?? '';
  const expiresAt = Math.floor(Date.now() / 1000) + 600;
  const token = createSharedAccessSignature('localhost', key, { expiresAt, policy: 'iothubowner' });
  const registry = registryFor(token, { port: httpsPort, ca: await readFile(caFile, 'utf8') });
  const routes = Object.fromEntries(
    names.map((name, index) => {
      const next = names[index + 1];
      const sink = next === undefined ? '$upstream' : `BrokeredEndpoint("/modules/${next}/inputs/in")`;
      return [name, `FROM /messages/modules/${name}/* INTO ${sink}`];
    }),
  );
  const desired = { schemaVersion: '1.1', routes, storeAndForwardConfiguration: { timeToLiveSecs: 7200 } };
  await registry.updateModuleTwin(deviceId, '$edgeHub', { properties: { desired } }, '*');
}

/** An unmodified SDK client that sends on what it gets, with its own mark. */
async function passOn(simulator: Simulator, deviceId: string, moduleId: string): Promise<ModuleClient> {
  const { connectionString, caFile } = await simulator.moduleCredentials(deviceId, moduleId);
  const client = ModuleClient.fromConnectionString(connectionString, Mqtt);
  await client.setOptions({ ca: await readFile(caFile, 'utf8') });
  client.on('error', () => {});
  client.on('inputMessage', (_input, message) => {
    const text = `${message.getData().toString()}>${moduleId}`;
    client.sendOutputEvent('out', new Message(text), () => {});
  });
  await client.open();
  onTestFinished(async () => {
    await client.close().catch(() => {});
  });
  return client;
}

it('two edge devices with twenty modules each: messages pass through all twenty, in order, and never to the other device', async () => {
  const simulator = await start();
  const devices = ['edge-1', 'edge-2'];
  for (const deviceId of devices) {
    await simulator.createDevice({ deviceId, edge: true });
    await chain(simulator, deviceId);
  }
  const firsts = await Promise.all(
    devices.map(async (deviceId) => {
      const clients = await Promise.all(names.map((name) => passOn(simulator, deviceId, name)));
      return { deviceId, client: clients[0] };
    }),
  );
  for (const { deviceId, client } of firsts) {
    for (let n = 1; n <= MESSAGES; n += 1) await client?.sendOutputEvent('out', new Message(`${deviceId}/${n}`));
  }
  const arrived: Record<string, string[]> = { 'edge-1': [], 'edge-2': [] };
  let left = devices.length * MESSAGES;
  for await (const { deviceId, body } of simulator.monitor({ afterSequenceNumber: 0 }, AbortSignal.timeout(100_000))) {
    arrived[deviceId]?.push(body.toString());
    left -= 1;
    if (left === 0) break;
  }
  const way = names
    .slice(1)
    .map((name) => `>${name}`)
    .join('');
  const expected = (deviceId: string) => Array.from({ length: MESSAGES }, (_, n) => `${deviceId}/${n + 1}${way}`);
  expect(arrived).toEqual({ 'edge-1': expected('edge-1'), 'edge-2': expected('edge-2') });
  const shown = await simulator.devices();
  expect(
    shown.map(
      ({ modules }) => modules.filter(({ connectionState }) => connectionState === 'Connected').length >= MODULES,
    ),
  ).toEqual([true, true]);
});
