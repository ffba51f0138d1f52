import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, ModuleClient } from 'azure-iot-device';
import type { Message } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clientOptions, deviceClient, json, moduleClient, openClient, twinOf } from '../../test/hub-clients.ts';
import { MqttProbe } from '../../test/mqtt-probe.ts';
import { registryFor } from '../../test/registry-client.ts';
import { createSharedAccessSignature } from '../hub/shared-access-signature.ts';
import type { TelemetryRecord } from '../hub/telemetry-record.ts';
import type { SimulatorClient } from '../simulator-client.ts';
import { startSimulator } from '../simulator.ts';
import type { SimulatorOptions } from '../simulator.ts';

async function start(options: Partial<SimulatorOptions> = {}) {
  const stateDirectory = await mkdtemp(path.join(tmpdir(), 'edgewright-devices-'));
  const simulator = await startSimulator({ stateDirectory, ...options });
  onTestFinished(async () => {
    await simulator.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  });
  return simulator;
}

async function arrived(simulator: SimulatorClient, count: number): Promise<TelemetryRecord[]> {
  const records: TelemetryRecord[] = [];
  for await (const record of simulator.monitor({ afterSequenceNumber: 0 }, AbortSignal.timeout(30_000))) {
    records.push(record);
    if (records.length === count) break;
  }
  return records;
}

function textOf(message: Message): string {
  const data: unknown = message.getData();
  return Buffer.isBuffer(data) ? data.toString() : String(data);
}

function keyOf(connectionString: string): string {
  return /SharedAccessKey=([^;]+)/.exec(connectionString)?.[1] ?? '';
}

async function registryOf(simulator: SimulatorClient) {
  const { connectionString, httpsPort, caFile } = simulator.info;
  const expiresAt = Math.floor(Date.now() / 1000) + 600;
  const token = createSharedAccessSignature('localhost', keyOf(connectionString), { expiresAt, policy: 'iothubowner' });
  return registryFor(token, { port: httpsPort, ca: await readFile(caFile, 'utf8') });
}

/** A module of a plain device, and its connection string. */
async function createModule(simulator: SimulatorClient, deviceId: string, moduleId: string): Promise<string> {
  const { connectionString } = await simulator.createDevice({ deviceId });
  const registry = await registryOf(simulator);
  await registry.addModule({ deviceId, moduleId });
  const { responseBody } = await registry.getModule(deviceId, moduleId);
  const key = responseBody.authentication?.symmetricKey?.primaryKey ?? '';
  return connectionString.replace(/SharedAccessKey=.*/, `ModuleId=${moduleId};SharedAccessKey=${key}`);
}

describe.each(['Mqtt', 'MqttWs'] as const)('a plain device over %s', (transport) => {
  it('sends telemetry with its properties', async () => {
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const client = await deviceClient(simulator, connectionString, transport);
    const message = json({ kWh: 3 }, { alert: 'true', 'we ird&k': 'v/å' });
    message.messageId = 'id-1';
    await client.sendEvent(message);
    const [record] = await arrived(simulator, 1);
    expect(record).toMatchObject({
      deviceId: 'meter',
      properties: { alert: 'true', 'we ird&k': 'v/å' },
      systemProperties: { messageId: 'id-1', contentType: 'application/json', contentEncoding: 'utf-8' },
    });
    expect(record?.moduleId).toBeUndefined();
    expect(record?.body.toString()).toBe('{"kWh":3}');
    expect(await simulator.device('meter')).toMatchObject({ connectionState: 'Connected' });
  });

  it('reads its twin, reports, and hears of desired properties', async () => {
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const registry = await registryOf(simulator);
    await registry.updateTwin('meter', { properties: { desired: { interval: 5 } } }, '*');
    const client = await deviceClient(simulator, connectionString, transport);
    const { twin, report } = await twinOf(client);
    expect(twin.properties.desired).toMatchObject({ interval: 5, $version: 2 });
    await report({ firmware: '1.2', old: null });
    const patches: { interval: number; $version: number }[] = [];
    twin.on('properties.desired', (patch) => patches.push(patch));
    patches.length = 0; // it is told at once what there is already
    let interval = 5;
    // the client subscribes without telling when it has
    await expect
      .poll(async () => {
        interval += 1;
        await registry.updateTwin('meter', { properties: { desired: { interval } } }, '*');
        return patches.length;
      })
      .toBeGreaterThan(0);
    for (const patch of patches) expect(patch).toEqual({ interval: patch.interval, $version: patch.interval - 3 });
    const { responseBody } = await registry.getTwin('meter');
    expect(responseBody.properties.reported).toMatchObject({ firmware: '1.2', $version: 2 });
  });

  it('answers direct methods', async () => {
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const client = await deviceClient(simulator, connectionString, transport);
    client.onDeviceMethod('reset', (request, response) => {
      void response.send(202, { was: request.payload });
    });
    const call = { deviceId: 'meter', methodName: 'reset', payload: { hard: true }, connectTimeoutMs: 30_000 };
    expect(await simulator.invokeMethod(call)).toEqual({ status: 202, payload: { was: { hard: true } } });
  });

  it('gets cloud-to-device messages, those that waited too, and completes them', async () => {
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const request = { deviceId: 'meter', messageId: 'a', ack: 'full', properties: { p: '1' } } as const;
    await simulator.sendToDevice({ ...request, body: { open: true } });
    expect((await simulator.device('meter')).cloudMessages).toBe(1);
    const client = await deviceClient(simulator, connectionString, transport);
    const got: Message[] = [];
    client.on('message', (message: Message) => got.push(message));
    await expect.poll(() => got.map(textOf)).toEqual(['{"open":true}']);
    const [first] = got as [Message];
    expect(first).toMatchObject({ messageId: 'a', to: '/devices/meter/messages/devicebound' });
    expect(first.properties.getValue('p')).toBe('1');
    await simulator.sendToDevice({ ...request, messageId: 'b', body: 'text' });
    await expect.poll(() => got.map(textOf)).toEqual(['{"open":true}', 'text']);
    await expect.poll(async () => (await simulator.device('meter')).cloudMessages).toBe(0);
    expect(await simulator.takeFeedback()).toMatchObject([
      { originalMessageId: 'a', statusCode: 'Success', deviceId: 'meter' },
      { originalMessageId: 'b', statusCode: 'Success', deviceId: 'meter' },
    ]);
    expect(await simulator.takeFeedback()).toEqual([]);
  });

  it('may be a module of a device: telemetry, twin and methods', async () => {
    const simulator = await start();
    const connectionString = await createModule(simulator, 'meter', 'clock');
    const client = await moduleClient(simulator, connectionString, transport);
    await client.sendEvent(json({ t: 1 }));
    await client.sendOutputEvent('ticks', json({ t: 2 }));
    const records = await arrived(simulator, 2);
    expect(records).toMatchObject([
      { deviceId: 'meter', moduleId: 'clock' },
      { deviceId: 'meter', moduleId: 'clock', systemProperties: { outputName: 'ticks' } },
    ]);
    const { report } = await twinOf(client);
    await report({ zone: 'UTC' });
    const { responseBody } = await (await registryOf(simulator)).getModuleTwin('meter', 'clock');
    expect(responseBody.properties.reported).toMatchObject({ zone: 'UTC' });
    client.onMethod('now', (_request, response) => void response?.send(200, 'noon'));
    const call = { deviceId: 'meter', moduleId: 'clock', methodName: 'now', connectTimeoutMs: 30_000 };
    expect(await simulator.invokeMethod(call)).toEqual({ status: 200, payload: 'noon' });
  });
});

describe('who may connect', () => {
  async function withToken(simulator: SimulatorClient, token: string) {
    const client = Client.fromSharedAccessSignature(token, Mqtt);
    return await openClient(client, clientOptions(simulator));
  }

  const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

  it('a device with a token of its own, or of a policy that lets devices connect', async () => {
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const audience = `localhost:${simulator.info.mqttPort}/devices/meter`;
    const own = createSharedAccessSignature(audience, keyOf(connectionString), { expiresAt: inAnHour() });
    await (await withToken(simulator, own)).sendEvent(json(1));
    const owner = { expiresAt: inAnHour(), policy: 'iothubowner' };
    const ofPolicy = createSharedAccessSignature(audience, keyOf(simulator.info.connectionString), owner);
    await (await withToken(simulator, ofPolicy)).sendEvent(json(2));
    expect((await arrived(simulator, 2)).map((record) => record.body.toString())).toEqual(['1', '2']);
  });

  it.each([
    ['another key', { key: Buffer.alloc(32).toString('base64') }],
    ['a time that is past', { expiresAt: 1000 }],
    ['the name of another device', { device: 'other' }],
  ])('nobody with a token of %s', async (_name, { key, expiresAt = inAnHour(), device = 'meter' }: Bad) => {
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    await simulator.createDevice({ deviceId: 'other' });
    const audience = `localhost:${simulator.info.mqttPort}/devices/${device}`;
    const token = createSharedAccessSignature(audience, key ?? keyOf(connectionString), { expiresAt });
    await expect(withToken(simulator, token)).rejects.toMatchObject({ name: 'UnauthorizedError' });
  });

  interface Bad {
    readonly key?: string;
    readonly expiresAt?: number;
    readonly device?: string;
  }

  it('no device that is disabled, and one that becomes so is cut off', async () => {
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const client = await deviceClient(simulator, connectionString);
    await client.sendEvent(json(1));
    const registry = await registryOf(simulator);
    const { responseBody } = await registry.get('meter');
    await registry.update(Object.assign(responseBody, { status: 'disabled' as const }));
    await expect.poll(async () => (await simulator.device('meter')).connectionState).toBe('Disconnected');
    await expect(deviceClient(simulator, connectionString)).rejects.toMatchObject({ name: 'UnauthorizedError' });
  });

  it.each(['selfSigned', 'certificateAuthority'] as const)(
    'a device with a certificate: %s',
    async (authentication) => {
      const simulator = await start();
      const made = await simulator.createDevice({ deviceId: 'camera', authentication });
      const other = await simulator.createDevice({ deviceId: 'other', authentication });
      expect(made.connectionString).toMatch(/x509=true$/);
      const connect = async ({ certificateFile = '', keyFile = '' }: typeof made) => {
        const client = Client.fromConnectionString(made.connectionString, Mqtt);
        const cert = await readFile(certificateFile, 'utf8');
        return await openClient(client, { ...clientOptions(simulator), cert, key: await readFile(keyFile, 'utf8') });
      };
      await (await connect(made)).sendEvent(json('seen'));
      expect(await arrived(simulator, 1)).toMatchObject([{ deviceId: 'camera' }]);
      await expect(connect(other)).rejects.toMatchObject({ name: 'UnauthorizedError' });
    },
  );

  it('the newer of two connections of one device', async () => {
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const first = Client.fromConnectionString(connectionString, Mqtt);
    first.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => 0 });
    const older = await openClient(first, clientOptions(simulator));
    const gone = once(older, 'disconnect');
    const newer = await deviceClient(simulator, connectionString);
    await gone;
    await newer.sendEvent(json(1));
    expect(await arrived(simulator, 1)).toHaveLength(1);
  });

  it('a module client whose module is not there is refused', async () => {
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const text = connectionString.replace(';SharedAccessKey', ';ModuleId=ghost;SharedAccessKey');
    const client = ModuleClient.fromConnectionString(text, Mqtt);
    await expect(openClient(client, clientOptions(simulator))).rejects.toMatchObject({ name: 'UnauthorizedError' });
  });

  it.each([
    ['a topic that means nothing', 'devices/meter/messages/nonsense'],
    ['the topic of another device', 'devices/other/messages/events/'],
  ])('and who publishes on %s is cut off', async (_name, topic) => {
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const expiresAt = inAnHour();
    const probe = await MqttProbe.open({
      port: simulator.info.mqttPort,
      ca: await readFile(simulator.info.caFile, 'utf8'),
      clientId: 'meter',
      username: 'localhost/meter/?api-version=2021-04-12',
      password: createSharedAccessSignature('localhost/devices/meter', keyOf(connectionString), { expiresAt }),
      clean: true,
    });
    await probe.next('connack');
    probe.publish(topic, '1');
    expect(await probe.closed()).toBe(true);
    expect(await simulator.lastSequenceNumber()).toBe(0);
  });
});
