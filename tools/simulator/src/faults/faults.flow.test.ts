import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ModuleClient } from 'azure-iot-device';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MqttProbe } from '../../test/mqtt-probe.ts';
import { createSharedAccessSignature } from '../hub/shared-access-signature.ts';
import { deviceClient, json, moduleClient } from '../../test/hub-clients.ts';
import type { Simulator, SimulatorClient } from '../simulator-client.ts';
import { startSimulator } from '../simulator.ts';
import type { FaultRequest } from './fault.ts';

async function start() {
  const stateDirectory = await mkdtemp(path.join(tmpdir(), 'edgewright-faults-'));
  const simulator = await startSimulator({ stateDirectory });
  onTestFinished(async () => {
    await simulator.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  });
  return simulator;
}

/** A plain device, with Azure's client for it. */
async function startDevice(deviceId = 'meter') {
  const simulator = await start();
  const { connectionString } = await simulator.createDevice({ deviceId });
  return { simulator, connectionString, client: await deviceClient(simulator, connectionString) };
}

/** How many messages with this body have reached the hub. */
async function copies(simulator: SimulatorClient, body: string): Promise<number> {
  const end = await simulator.lastSequenceNumber();
  if (end === 0) return 0;
  let count = 0;
  for await (const record of simulator.monitor({ afterSequenceNumber: 0 }, AbortSignal.timeout(30_000))) {
    if (record.body.toString() === body) count += 1;
    if (record.sequenceNumber === end) break;
  }
  return count;
}

async function tookMs(action: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action;
  return performance.now() - began;
}

async function becomes(simulator: Simulator, state: 'Connected' | 'Disconnected'): Promise<void> {
  const now = async () => (await simulator.device('meter')).connectionState;
  await expect.poll(now, { timeout: 15_000 }).toBe(state);
}

describe('a fault at the hub', () => {
  it('drop-puback: the message is there, its sender hears nothing, and sends it again over the next connection', async () => {
    const { simulator, client } = await startDevice();
    const fault = await simulator.injectFault({ kind: 'drop-puback', deviceId: 'meter', count: 1 });
    expect(await simulator.faults()).toMatchObject([{ id: fault.id, kind: 'drop-puback', strikes: 0 }]);
    const sent = client.sendEvent(json('twice'));
    await expect.poll(async () => await copies(simulator, '"twice"')).toBe(1);
    const outcome = await Promise.race([sent.then(() => 'sent'), new Promise((done) => setTimeout(done, 200, 'open'))]);
    expect(outcome).toBe('open');
    // it has struck as often as it was to
    expect(await simulator.faults()).toEqual([]);
    await simulator.injectFault({ kind: 'cut', deviceId: 'meter' });
    await sent;
    expect(await copies(simulator, '"twice"')).toBeGreaterThan(1);
  });

  it('delay-puback: the sender waits so much longer, until it is cleared', async () => {
    const { simulator, client } = await startDevice();
    const { id } = await simulator.injectFault({ kind: 'delay-puback', delayMs: 400 });
    expect(await tookMs(client.sendEvent(json(1)))).toBeGreaterThanOrEqual(395);
    expect(await simulator.clearFaults(id)).toMatchObject([{ id, strikes: 1 }]);
    const longer = await simulator.injectFault({ kind: 'delay-puback', delayMs: 3_600_000 });
    expect(await simulator.clearFaults(longer.id)).toMatchObject([{ strikes: 0 }]);
    await client.sendEvent(json(2));
  });

  it('cut: the client reconnects by itself', async () => {
    const { simulator, client } = await startDevice();
    await simulator.injectFault({ kind: 'cut' });
    await client.sendEvent(json('after'));
    expect(await copies(simulator, '"after"')).toBe(1);
  });

  it('lose-session: the client connects to a hub that does not know it any more', async () => {
    const { simulator, client } = await startDevice();
    client.onDeviceMethod('ping', (_request, response) => void response.send(200));
    const call = { deviceId: 'meter', methodName: 'ping', connectTimeoutMs: 30_000 };
    expect(await simulator.invokeMethod(call)).toMatchObject({ status: 200 });
    await simulator.injectFault({ kind: 'lose-session', deviceId: 'meter' });
    // the client subscribes again when it reconnects, as it does after any loss
    expect(await simulator.invokeMethod(call)).toMatchObject({ status: 200 });
  });

  it('restart: away for a while, and back on the same ports with everything that was acknowledged', async () => {
    const { simulator, client } = await startDevice();
    await client.sendEvent(json('before'));
    await simulator.injectFault({ kind: 'restart', durationMs: 1000 });
    await becomes(simulator, 'Disconnected');
    await client.sendEvent(json('after'));
    expect([await copies(simulator, '"before"'), await copies(simulator, '"after"')]).toEqual([1, 1]);
  });

  it('throttle: requests of the twin fail, until so many have', async () => {
    const { simulator, client } = await startDevice();
    await simulator.injectFault({ kind: 'throttle', count: 1 });
    await expect(client.getTwin()).rejects.toThrow('ThrottlingException');
    expect(await simulator.faults()).toEqual([]);
    expect((await client.getTwin()).properties.desired).toMatchObject({ $version: 1 });
  });

  it('clock-skew: tokens that are good in truth have expired for the hub', async () => {
    const { simulator, connectionString, client } = await startDevice();
    await simulator.injectFault({ kind: 'clock-skew', skewMs: 2 * 60 * 60 * 1000 });
    await becomes(simulator, 'Disconnected');
    // two clients of one device would turn each other away
    await client.close().catch(() => {});
    await expect(deviceClient(simulator, connectionString)).rejects.toMatchObject({ name: 'UnauthorizedError' });
    await simulator.clearFaults();
    const again = await deviceClient(simulator, connectionString);
    await again.sendEvent(json('right again'));
    expect(await copies(simulator, '"right again"')).toBe(1);
  });

  it('slow-link: bytes take their time, in both directions', async () => {
    const { simulator, client } = await startDevice();
    await client.sendEvent(json(1));
    const { id } = await simulator.injectFault({ kind: 'slow-link', deviceId: 'meter', delayMs: 150 });
    expect(await tookMs(client.sendEvent(json(2)))).toBeGreaterThanOrEqual(295);
    await simulator.clearFaults(id);
    await simulator.injectFault({ kind: 'slow-link', deviceId: 'meter', bytesPerSecond: 20_000 });
    expect(await tookMs(client.sendEvent(json('x'.repeat(10_000))))).toBeGreaterThanOrEqual(450);
    await simulator.clearFaults();
    expect(await copies(simulator, '2')).toBe(1);
  });

  it('strikes whom it is for only', async () => {
    const { simulator } = await startDevice();
    const { connectionString } = await simulator.createDevice({ deviceId: 'other' });
    await simulator.injectFault({ kind: 'drop-puback', deviceId: 'meter' });
    const other = await deviceClient(simulator, connectionString);
    await other.sendEvent(json('through'));
    expect(await simulator.faults()).toMatchObject([{ strikes: 0 }]);
  });

  it.each([
    [{ kind: 'delay-puback' }, 'it needs delayMs'],
    [{ kind: 'cut', count: 3 }, 'it has no count; it takes no settings'],
    [{ kind: 'throttle', deviceId: 'meter' }, 'a fault of the whole hub'],
    [{ kind: 'restart', deviceId: 'meter' }, 'not an edge device'],
    [{ kind: 'cut', moduleId: 'm' }, 'a module needs its device'],
    [{ kind: 'cut', deviceId: 'nobody' }, 'there is no device "nobody"'],
  ] satisfies [FaultRequest, string][])('refuses %j', async (request, reason) => {
    const { simulator } = await startDevice();
    await expect(simulator.injectFault(request)).rejects.toThrow(reason);
    await expect(simulator.clearFaults(99)).rejects.toThrow('no fault 99');
  });
});

describe('a fault at an edge device', () => {
  async function stateOf(simulator: SimulatorClient, wanted: string) {
    const { modules } = await simulator.device('edge');
    return modules.find(({ moduleId }) => moduleId === wanted)?.connectionState;
  }

  /** An edge device with a module that sends. */
  async function startEdge(): Promise<{ simulator: Simulator; sender: ModuleClient }> {
    const simulator = await start();
    await simulator.createDevice({ deviceId: 'edge', edge: true });
    const { connectionString } = await simulator.moduleCredentials('edge', 'sender');
    return { simulator, sender: await moduleClient(simulator, connectionString) };
  }

  it('drop-puback and cut: a module sends its output again', async () => {
    const { simulator, sender } = await startEdge();
    await simulator.injectFault({ kind: 'drop-puback', deviceId: 'edge', moduleId: 'sender', count: 1 });
    const sent = sender.sendOutputEvent('out', json('twice'));
    await expect.poll(async () => (await simulator.faults()).length).toBe(0);
    await simulator.injectFault({ kind: 'cut', deviceId: 'edge', moduleId: 'sender' });
    await sent;
  });

  it('restart: edgeHub goes away and comes back; the hub and other devices notice nothing', async () => {
    const { simulator, sender } = await startEdge();
    const { connectionString } = await simulator.createDevice({ deviceId: 'plain' });
    const plain = await deviceClient(simulator, connectionString);
    const lost: unknown[] = [];
    plain.on('disconnect', (reason) => lost.push(reason));
    await sender.sendOutputEvent('out', json(1));
    await simulator.injectFault({ kind: 'restart', deviceId: 'edge', durationMs: 1000 });
    await expect.poll(async () => await stateOf(simulator, 'sender')).toBe('Disconnected');
    await sender.sendOutputEvent('out', json(2));
    expect((await simulator.device('plain')).connectionState).toBe('Connected');
    expect(lost).toEqual([]);
  });

  it('lose-session: a module that comes back is told that there is no session', async () => {
    const { simulator } = await startEdge();
    const { connectionString, caFile } = await simulator.moduleCredentials('edge', 'taker');
    const { gateway = '' } = await simulator.device('edge');
    const key = /SharedAccessKey=([^;]+)/.exec(connectionString)?.[1] ?? '';
    const expiresAt = Math.floor(Date.now() / 1000) + 3600;
    const connect = async () => {
      const probe = await MqttProbe.open({
        port: Number(gateway.split(':')[1]),
        ca: readFileSync(caFile, 'utf8'),
        clientId: 'edge/taker',
        username: 'localhost/edge/taker/?api-version=2021-04-12',
        password: createSharedAccessSignature('localhost/devices/edge/modules/taker', key, { expiresAt }),
        clean: false,
      });
      return { probe, sessionPresent: (await probe.next('connack')).sessionPresent };
    };
    const first = await connect();
    await first.probe.subscribe('devices/edge/modules/taker/inputs/#');
    const second = await connect();
    expect([first.sessionPresent, second.sessionPresent]).toEqual([false, true]);
    await simulator.injectFault({ kind: 'lose-session', deviceId: 'edge', moduleId: 'taker' });
    expect(await second.probe.closed()).toBe(true);
    expect((await connect()).sessionPresent).toBe(false);
  });
});
