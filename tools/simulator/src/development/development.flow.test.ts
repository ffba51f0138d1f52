import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Message } from 'azure-iot-device';
import { describe, expect, it, onTestFinished } from 'vitest';
import { json, moduleClient } from '../../test/hub-clients.ts';
import { startSimulator } from '../simulator.ts';
import type { DevelopmentOptions } from './development-options.ts';
import { readSetup, writeSetup } from './device-setup.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');

async function folder(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-development-'));
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  return directory;
}

async function start(development: DevelopmentOptions, stateDirectory?: string) {
  const simulator = await startSimulator({ stateDirectory: stateDirectory ?? (await folder()), development });
  onTestFinished(async () => await simulator.stop());
  return simulator;
}

async function post(url: string, body: unknown): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, text: await answer.text() };
}

describe('a module under test', () => {
  it('gets what is posted, and what it sends reaches the hub', async () => {
    const simulator = await start({ inputs: ['input1', 'input2'], inputPort: 0 });
    const { deviceId = '', inputUrl = '' } = simulator.info.development ?? {};
    expect(deviceId).toBe('edge-device');
    const { connectionString } = await simulator.moduleCredentials(deviceId, 'target');
    const target = await moduleClient(simulator, connectionString);
    const arrived: [string, string, string][] = [];
    target.on('inputMessage', (input: string, message: Message) => {
      const data: unknown = message.getData();
      arrived.push([input, Buffer.isBuffer(data) ? data.toString() : '', message.properties.getValue('p') ?? '']);
    });
    expect(await post(inputUrl, { inputName: 'input1', data: 'hello world' })).toEqual({ status: 202, text: '' });
    await post(inputUrl, { inputName: 'input2', data: { n: 1 }, properties: { p: 'x' } });
    await expect
      .poll(() => arrived)
      .toEqual([
        ['input1', 'hello world', ''],
        ['input2', '{"n":1}', 'x'],
      ]);
    await target.sendOutputEvent('result', json({ score: 1 }));
    for await (const record of simulator.monitor({ afterSequenceNumber: 0 }, AbortSignal.timeout(5000))) {
      expect(record).toMatchObject({ moduleId: 'target', systemProperties: { outputName: 'result' } });
      break;
    }
  });

  it('gets what is posted after edgeHub was away', async () => {
    const simulator = await start({ inputs: ['input1'], inputPort: 0 });
    const { deviceId = '', inputUrl = '' } = simulator.info.development ?? {};
    await post(inputUrl, { inputName: 'input1', data: 1 });
    await simulator.injectFault({ kind: 'restart', deviceId, durationMs: 200 });
    expect((await post(inputUrl, { inputName: 'input1', data: 2 })).status).toBe(202);
  });

  it.each([
    ['an input that it was not started with', { inputName: 'input9', data: 1 }, 'with the inputs input1'],
    ['no input', { data: 1 }, 'inputName'],
  ])('is not sent what is for %s', async (_name, body, reason) => {
    const simulator = await start({ inputs: ['input1'], inputPort: 0 });
    const answer = await post(simulator.info.development?.inputUrl ?? '', body);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(reason);
  });

  it('has inputs with names that routes can have', async () => {
    await expect(start({ inputs: ['in put'], inputPort: 0 })).rejects.toThrow('"in put" is no name of an input');
  });
});

describe('a solution', () => {
  it('is applied to the device of the setup', async () => {
    const stateDirectory = await folder();
    writeSetup(stateDirectory, { connectionString: `HostName=h;DeviceId=plant;SharedAccessKey=${KEY}` });
    const properties = { schemaVersion: '1.1', routes: { up: 'FROM /messages/* INTO $upstream' } };
    const edgeHub = { 'properties.desired': { ...properties, storeAndForwardConfiguration: { timeToLiveSecs: 60 } } };
    const agent = { schemaVersion: '1.1', runtime: { type: 'docker', settings: {} }, systemModules: {}, modules: {} };
    const modulesContent = { $edgeAgent: { 'properties.desired': agent }, $edgeHub: edgeHub };
    const simulator = await start({ deployment: { modulesContent } }, stateDirectory);
    expect(simulator.info.development).toEqual({ deviceId: 'plant' });
    const device = await simulator.device('plant');
    expect(device).toMatchObject({ edge: true, connectionString: expect.stringContaining(KEY) });
    await simulator.send({ deviceId: 'plant', moduleId: 'sensor', output: 'o', messages: [{ body: 1 }] });
    await expect.poll(async () => await simulator.lastSequenceNumber()).toBe(1);
  });

  it('says what is wrong with its manifest', async () => {
    await expect(start({ deployment: { modules: {} } })).rejects.toThrow('the deployment manifest');
  });
});

describe('the setup', () => {
  it('is kept, and is the usual device where there is none', async () => {
    const directory = await folder();
    expect(readSetup(directory)).toEqual({ deviceId: 'edge-device' });
    writeSetup(directory, { host: 'Gateway' });
    expect(readSetup(directory)).toMatchObject({ deviceId: 'edge-device', host: 'gateway' });
  });

  it.each(['HostName=h;SharedAccessKeyName=iothubowner;SharedAccessKey=k', 'DeviceId=d', 'nonsense'])(
    'takes no connection string that is not a device’s: %s',
    async (connectionString) => {
      const directory = await folder();
      expect(() => writeSetup(directory, { connectionString })).toThrow("is not a device's");
    },
  );
});
