import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { clientOptions, deviceClient, json, openClient } from '../../test/hub-clients.ts';
import { connectSimulator } from '../connect-simulator.ts';
import { sendMessages } from '../sending/send-messages.ts';
import type { SimulatorClient } from '../simulator-client.ts';
import { startSimulator } from '../simulator.ts';
import type { SimulatorOptions } from '../simulator.ts';

/** Also while timers are not real. */
const realSetTimeout = setTimeout;
const HOST = path.join(import.meta.dirname, '../../test/simulator-host.ts');

async function folder(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-endurance-'));
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  return directory;
}

async function start(options: Partial<SimulatorOptions> = {}) {
  const simulator = await startSimulator({ stateDirectory: await folder(), ...options });
  onTestFinished(async () => await simulator.stop());
  return simulator;
}

async function bodies(simulator: SimulatorClient): Promise<string[]> {
  const end = await simulator.lastSequenceNumber();
  const found: string[] = [];
  if (end === 0) return found;
  for await (const record of simulator.monitor({ afterSequenceNumber: 0 }, AbortSignal.timeout(30_000))) {
    found.push(record.body.toString());
    if (record.sequenceNumber === end) break;
  }
  return found;
}

/** Does something for each, a few at once. */
async function forEach<Item>(items: readonly Item[], action: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await action(item);
  };
  await Promise.all(Array.from({ length: 20 }, worker));
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the simulated hub', () => {
  it('has 1,000 plain devices connected at once', { timeout: 300_000 }, async () => {
    const simulator = await start();
    const ids = Array.from({ length: 1000 }, (_, n) => `d${n}`);
    const options = clientOptions(simulator);
    const clients: Client[] = [];
    await forEach(ids, async (deviceId) => {
      const { connectionString } = await simulator.createDevice({ deviceId });
      const client = Client.fromConnectionString(connectionString, Mqtt);
      clients.push(client);
      await client.setOptions(options);
      await client.open();
      await client.sendEvent(json(deviceId));
    });
    const states = (await simulator.devices()).map(({ connectionState }) => connectionState);
    expect(states.filter((state) => state === 'Connected')).toHaveLength(1000);
    expect(new Set(await bodies(simulator)).size).toBe(1000);
    await forEach(clients, async (client) => void (await client.close()));
  });

  it('has everything that it acknowledged after it was killed, and its devices come back', async () => {
    const stateDirectory = await folder();
    let running = await spawnSimulator(stateDirectory);
    const { connectionString } = await running.client.createDevice({ deviceId: 'meter' });
    const ca = await readFile(running.client.info.caFile, 'utf8');
    const acknowledged: string[] = [];
    let restarted = Promise.resolve();
    let beforeTheKill = 0;
    const restart = async () => {
      await running.kill();
      running = await spawnSimulator(stateDirectory);
    };
    const messages = Array.from({ length: 200 }, (_, n) => ({ body: `m${n}` }));
    const onConfirmed = (_message: unknown, index: number) => {
      acknowledged.push(`m${index}`);
      if (index !== 70) return;
      beforeTheKill = acknowledged.length;
      restarted = restart();
    };
    // what the killed one had not acknowledged is sent again: by this sender, or by Azure's client under it
    await sendMessages({ connectionString, ca, messages, inFlight: 8, onConfirmed });
    await restarted;
    expect(beforeTheKill).toBeLessThan(100);
    expect(new Set(acknowledged).size).toBe(200);
    const kept = new Set(await bodies(running.client));
    expect(acknowledged.filter((body) => !kept.has(body))).toEqual([]);
    expect(kept.size).toBe(200);
  });

  it('keeps a device connected through 24 h of renewed tokens', async () => {
    // the client, the hub and their timers live by this clock; the network does not
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const events: string[] = [];
    let isConnected = false;
    const simulator = await start({
      now: () => Date.now(),
      emit: ({ stage, text }) => {
        events.push(`${stage} ${text}`);
        if (stage.startsWith('hub.client.')) isConnected = stage === 'hub.client.connected';
      },
    });
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const client = Client.fromConnectionString(connectionString, Mqtt);
    await openClient(client, clientOptions(simulator));
    const lost: unknown[] = [];
    client.on('disconnect', (reason) => lost.push(reason));
    // small steps: the client gives up a reconnection that takes it 30 s
    for (let second = 0; second < 24 * 60 * 60; second += 10) {
      vi.advanceTimersByTime(10_000);
      await settle(() => isConnected);
      if (second % 3600 === 0) await client.sendEvent(json(second));
    }
    expect(lost).toEqual([]);
    expect(await bodies(simulator)).toHaveLength(24);
    const connects = events.filter((event) => event.startsWith('hub.client.connected'));
    // a token is good for an hour, and renewed after 45 minutes
    expect(connects.length).toBeGreaterThanOrEqual(32);
    expect(events.filter((event) => event.includes('expired'))).toEqual([]);
    expect(events.filter((event) => event.includes('refused'))).toEqual([]);
  });

  it('closes a connection whose token is not renewed, when it expires', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const simulator = await start({ now: () => Date.now() });
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const client = Client.fromConnectionString(connectionString, Mqtt);
    await openClient(client, {
      ...clientOptions(simulator),
      tokenRenewal: { tokenValidTimeInSeconds: 100_000, tokenRenewalMarginInSeconds: 10 },
    });
    await simulator.injectFault({ kind: 'clock-skew', skewMs: 99_000_000 });
    expect((await simulator.device('meter')).connectionState).toBe('Connected');
    await simulator.injectFault({ kind: 'clock-skew', skewMs: 1_001_000 });
    expect((await simulator.device('meter')).connectionState).toBe('Disconnected');
  });

  it('runs beside others, on one port of addresses of their own', async () => {
    const first = await start({ host: '127.0.0.21' });
    const second = await start({
      host: '127.0.0.22',
      hubMqttPort: first.info.mqttPort,
      httpsPort: first.info.httpsPort,
      httpPort: first.info.httpPort,
    });
    expect(second.info.mqttPort).toBe(first.info.mqttPort);
    for (const [simulator, text] of [[first, 'one'] as const, [second, 'two'] as const]) {
      const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
      await (await deviceClient(simulator, connectionString)).sendEvent(json(text));
    }
    expect([await bodies(first), await bodies(second)]).toEqual([['"one"'], ['"two"']]);
  });
});

/** Lets what is under way on the network arrive; while the device is away, time goes on slowly. */
async function settle(isConnected: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isConnected() && turn > 5) return;
    if (turn % 100 !== 99) continue;
    // what other threads do takes true time, however often this one looks
    await new Promise((resolve) => realSetTimeout(resolve, 1));
    vi.advanceTimersByTime(10);
  }
}

/** A simulator in a process of its own; killed after the test. */
async function spawnSimulator(stateDirectory: string): Promise<{ client: SimulatorClient; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, [HOST, stateDirectory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  // its files and ports are free for the next one when it is gone, and not before
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  const said = await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => undefined)]);
  if (said === undefined) throw new TypeError(`the simulator ended with exit code ${child.exitCode}`);
  return { client: await connectSimulator(stateDirectory), kill };
}
