import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { need } from '../../../../test/support/need.ts';
import { registryFor } from '../../test/registry-client.ts';
import { createSharedAccessSignature } from '../hub/shared-access-signature.ts';
import type { TelemetryRecord } from '../hub/telemetry-record.ts';
import type { SimulatorClient } from '../simulator-client.ts';
import { startSimulator } from '../simulator.ts';
import type { SimulatorOptions } from '../simulator.ts';

const run = promisify(execFile);
const SCRIPT = path.join(import.meta.dirname, '../../test/python-client.py');

async function start(options: Partial<SimulatorOptions> = {}) {
  const stateDirectory = await mkdtemp(path.join(tmpdir(), 'edgewright-clients-'));
  const simulator = await startSimulator({ stateDirectory, ...options });
  onTestFinished(async () => {
    await simulator.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  });
  return simulator;
}

async function arrived(simulator: SimulatorClient, count: number): Promise<TelemetryRecord[]> {
  const records: TelemetryRecord[] = [];
  for await (const record of simulator.monitor({ afterSequenceNumber: 0 }, AbortSignal.timeout(20_000))) {
    records.push(record);
    if (records.length === count) break;
  }
  return records;
}

function keyOf(connectionString: string): string {
  return /SharedAccessKey=([^;]+)/.exec(connectionString)?.[1] ?? '';
}

function registryOf(simulator: SimulatorClient) {
  const { connectionString, httpsPort, caFile, hubHostName } = simulator.info;
  const expiresAt = Math.floor(Date.now() / 1000) + 600;
  const token = createSharedAccessSignature(hubHostName, keyOf(connectionString), { expiresAt, policy: 'iothubowner' });
  return registryFor(token, { host: hubHostName, port: httpsPort, ca: readFileSync(caFile, 'utf8') });
}

describe('mosquitto’s clients', () => {
  function login(simulator: SimulatorClient, connectionString: string): string[] {
    const { mqttPort, caFile } = simulator.info;
    const expiresAt = Math.floor(Date.now() / 1000) + 3600;
    const token = createSharedAccessSignature('localhost/devices/meter', keyOf(connectionString), { expiresAt });
    const user = ['-u', 'localhost/meter/?api-version=2021-04-12', '-P', token];
    return ['-h', 'localhost', '-p', String(mqttPort), '--cafile', caFile, '-V', 'mqttv311', '-i', 'meter', ...user];
  }

  it('send telemetry with a SAS password', async (context) => {
    const { executable } = await need(context, 'mosquitto_pub');
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    const topic = 'devices/meter/messages/events/unit=kWh&%24.ct=application%2Fjson';
    await run(executable, [...login(simulator, connectionString), '-q', '1', '-t', topic, '-m', '{"n":1}']);
    const [record] = await arrived(simulator, 1);
    expect(record).toMatchObject({
      properties: { unit: 'kWh' },
      systemProperties: { contentType: 'application/json' },
    });
  });

  it('get cloud-to-device messages', async (context) => {
    const { executable } = await need(context, 'mosquitto_sub');
    const simulator = await start();
    const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
    await simulator.sendToDevice({ deviceId: 'meter', body: 'open', properties: { valve: '3' } });
    const topic = 'devices/meter/messages/devicebound/#';
    const filter = ['-q', '1', '-t', topic, '-C', '1', '-W', '10', '-F', '%t %p'];
    const { stdout } = await run(executable, [...login(simulator, connectionString), ...filter]);
    expect(stdout).toMatch(/^devices\/meter\/messages\/devicebound\/valve=3&.* open\n$/);
  });

  it('are refused with a wrong password', async (context) => {
    const { executable } = await need(context, 'mosquitto_pub');
    const simulator = await start();
    await simulator.createDevice({ deviceId: 'meter' });
    const wrong = login(simulator, `SharedAccessKey=${Buffer.alloc(32).toString('base64')}`);
    const refused = run(executable, [...wrong, '-q', '1', '-t', 'devices/meter/messages/events/', '-m', '1']);
    await expect(refused).rejects.toMatchObject({ stderr: expect.stringMatching(/not authori[sz]ed/i) });
  });
});

describe.each(['device', 'module'] as const)('Azure’s Python client of a %s', (kind) => {
  it('sends, reads its twin, reports, answers methods and hears of changes', { timeout: 400_000 }, async (context) => {
    const { executable } = await need(context, 'python-azure-iot');
    // it knows port 8883 only, and every address of 127/8 has one
    const simulator = await start({ host: freeAddress(), hubMqttPort: 8883 });
    const { connectionString: ofDevice } = await simulator.createDevice({ deviceId: 'meter' });
    const ofModule = (await simulator.moduleCredentials('meter', 'clock')).connectionString;
    const target = kind === 'module' ? { deviceId: 'meter', moduleId: 'clock' } : { deviceId: 'meter' };
    const connectionString = kind === 'module' ? ofModule : ofDevice;
    const child = spawn(executable, [SCRIPT, kind, connectionString, simulator.info.caFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const said = async () => JSON.parse((await lines.next()).value ?? 'null') as unknown;
    expect(await said()).toMatchObject({ twin: { desired: { $version: 1 }, reported: { language: 'python' } } });
    expect(await arrived(simulator, 1)).toMatchObject([{ ...target, properties: { language: 'python' } }]);
    const call = { ...target, methodName: 'reset', payload: { hard: true }, connectTimeoutMs: 10_000 };
    expect(await simulator.invokeMethod(call)).toEqual({ status: 207, payload: { was: { hard: true } } });
    expect(await said()).toEqual({ method: 'reset', payload: { hard: true } });
    // modules have no cloud-to-device messages
    await simulator.sendToDevice({ deviceId: 'meter', body: 'hello', properties: { p: '1' } });
    const heard = kind === 'device' ? [await said()] : [];
    expect(heard).toMatchObject(kind === 'device' ? [{ message: 'hello', properties: { p: '1' } }] : []);
    const registry = registryOf(simulator);
    const change = { properties: { desired: { finish: true } } };
    if (kind === 'module') await registry.updateModuleTwin('meter', 'clock', change, '*');
    else await registry.updateTwin('meter', change, '*');
    expect(await said()).toMatchObject({ desired: { finish: true, $version: 2 } });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  });
});

function freeAddress(): string {
  const part = () => 2 + Math.floor(Math.random() * 250);
  return `127.${part()}.${part()}.${part()}`;
}
