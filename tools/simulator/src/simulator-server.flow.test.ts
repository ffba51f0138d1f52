import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { connectSimulator } from './connect-simulator.ts';
import { startSimulator } from './simulator.ts';
import type { SimulatorOptions } from './simulator.ts';

let stateDirectory: string;
beforeEach(async () => {
  stateDirectory = await mkdtemp(path.join(tmpdir(), 'edgewright-simulator-'));
});
afterEach(async () => {
  await rm(stateDirectory, { recursive: true, force: true });
});

async function start(options: Partial<SimulatorOptions> = {}) {
  const simulator = await startSimulator({ stateDirectory, ...options });
  onTestFinished(async () => await simulator.stop());
  return simulator;
}

async function takenPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('startSimulator', () => {
  it('says where it is reached, and tells nobody but its owner the secrets', async () => {
    const simulator = await start({ processId: 4711 });
    expect(simulator.info).toMatchObject({
      stateDirectory,
      processId: 4711,
      hubHostName: 'localhost',
      connectionString: expect.stringMatching(
        /^HostName=localhost;SharedAccessKeyName=iothubowner;SharedAccessKey=.+$/,
      ),
      pageUrl: expect.stringMatching(`^http://127.0.0.1:${simulator.info.httpPort}/[?]token=[\\w-]{32}$`) as string,
    });
    expect(await readFile(simulator.info.caFile, 'utf8')).toContain('BEGIN CERTIFICATE');
    expect((await stat(path.join(stateDirectory, 'simulator.json'))).mode & 0o777).toBe(0o600);
  });

  it('keeps what must not change from start to start', async () => {
    const first = await start();
    await first.createDevice({ deviceId: 'd1' });
    const [device] = await first.devices();
    await first.stop();
    const second = await start();
    expect(second.info.connectionString).toBe(first.info.connectionString);
    expect(await second.devices()).toEqual([device]);
  });

  it('refuses a state folder that is in use, and takes it over from one that has ended', async () => {
    const first = await start();
    await expect(startSimulator({ stateDirectory })).rejects.toMatchObject({
      code: 'SimulatorAlreadyRunning',
      details: { stateDirectory },
    });
    await first.stop();
    await expect(start()).resolves.toBeDefined();
  });

  it('runs beside others', async () => {
    const other = await mkdtemp(path.join(tmpdir(), 'edgewright-simulator-'));
    onTestFinished(async () => await rm(other, { recursive: true, force: true }));
    const [first, second] = [await start(), await start({ stateDirectory: other })];
    await first.createDevice({ deviceId: 'only-here' });
    expect(await second.devices()).toEqual([]);
  });

  it.each(['httpsPort', 'httpPort'] as const)('names the %s that is taken, and lets the folder go', async (name) => {
    const port = await takenPort();
    await expect(startSimulator({ stateDirectory, [name]: port })).rejects.toMatchObject({
      code: 'SimulatorPortInUse',
      details: { port },
      message: expect.stringContaining(String(port)),
    });
    expect(existsSync(path.join(stateDirectory, 'simulator.json'))).toBe(false);
    await expect(start()).resolves.toBeDefined();
  });

  it('ends with its signal, and leaves no server and no file that says it runs', async () => {
    const abort = new AbortController();
    const simulator = await start({ signal: abort.signal });
    abort.abort();
    await simulator.ended;
    await expect(fetch(simulator.info.pageUrl)).rejects.toThrow('fetch failed');
    expect((await readdir(stateDirectory)).toSorted()).toEqual(['certificates', 'hub.sqlite']);
  });
});

describe('connectSimulator', () => {
  it('does from another process what the simulator does itself', async () => {
    const simulator = await start();
    const client = await connectSimulator(stateDirectory);
    expect(client.info).toEqual(simulator.info);
    const device = await client.createDevice({ deviceId: 'd/1 ?' }).catch((error: unknown) => error);
    expect(device).toMatchObject({ code: 'SimulatorRequestInvalid', message: expect.stringContaining('d/1 ?') });
    await client.createDevice({ deviceId: "d:1;$'" });
    expect(await client.devices()).toEqual(await simulator.devices());
    expect(await client.device("d:1;$'")).toMatchObject({ deviceId: "d:1;$'", edge: false, modules: [] });
    await expect(client.createDevice({ deviceId: "d:1;$'" })).rejects.toMatchObject({ code: 'SimulatedDeviceExists' });
    await expect(client.device('none')).rejects.toMatchObject({ code: 'SimulatedDeviceNotFound' });
    const { connectionString } = await client.moduleCredentials("d:1;$'", 'm');
    expect(connectionString).toMatch(/^HostName=localhost:\d+;DeviceId=d:1;\$';ModuleId=m;SharedAccessKey=.+$/);
    await client.removeDevice("d:1;$'");
    expect(await client.devices()).toEqual([]);
    expect(await client.lastSequenceNumber()).toBe(0);
  });

  it('ends it, and knows then that none runs', async () => {
    const simulator = await start();
    const client = await connectSimulator(stateDirectory);
    await client.stop();
    await simulator.ended;
    await expect(connectSimulator(stateDirectory)).rejects.toMatchObject({ code: 'SimulatorNotRunning' });
    await expect(client.devices()).rejects.toMatchObject({ code: 'SimulatorNotRunning' });
  });

  it('is not misled by the file of one that was killed', async () => {
    const left = { url: `http://127.0.0.1:${await takenPort()}`, token: 'x' };
    await writeFile(
      path.join(stateDirectory, 'simulator.json'),
      JSON.stringify({ ...left, url: 'http://127.0.0.1:1' }),
    );
    await expect(connectSimulator(stateDirectory)).rejects.toMatchObject({ code: 'SimulatorNotRunning' });
    await writeFile(path.join(stateDirectory, 'simulator.json'), '{"url":');
    await expect(connectSimulator(stateDirectory)).rejects.toMatchObject({ code: 'SimulatorNotRunning' });
  });

  it('makes the hub refuse requests, and ends that', async () => {
    const { info } = await start();
    const client = await connectSimulator(stateDirectory);
    await expect(client.throttle({ requests: 5 })).resolves.toBeUndefined();
    await expect(client.throttle({ requests: 0 })).resolves.toBeUndefined();
    await expect(client.throttle({ durationMs: -1 })).rejects.toMatchObject({ code: 'SimulatorRequestInvalid' });
    expect(info).toEqual(client.info);
  });

  it('is let in with the token only', async () => {
    const { info } = await start();
    for (const authorization of ['', 'Bearer wrong']) {
      const answer = await fetch(`http://127.0.0.1:${info.httpPort}/api/info`, { headers: { authorization } });
      expect(answer.status).toBe(401);
      expect(await answer.text()).not.toContain('SharedAccessKey=');
    }
  });
});
