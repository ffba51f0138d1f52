import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DEVICE, EdgeDeviceFixture, isAlive } from '../test/edge-device-fixture.ts';

/** A module that answers every message, as an SDK user writes it; it gets everything from its environment. */
const ECHO = `
  const { ModuleClient, Message } = require('azure-iot-device');
  const { Mqtt } = require('azure-iot-device-mqtt');
  ModuleClient.fromEnvironment(Mqtt).then(async (client) => {
    client.on('inputMessage', (input, message) => {
      BEFORE
      client.sendOutputEvent('out', new Message(input + ':' + message.getBytes().toString()), () => {});
    });
    client.onMethod('hello', (request, response) => response.send(201, { got: request.payload }, () => {}));
    await client.open();
    const twin = await client.getTwin();
    await new Promise((done) => twin.properties.reported.update({ saw: twin.properties.desired.colour }, done));
    console.log('ready');
  });
`;
const TICK = `
  const { ModuleClient, Message } = require('azure-iot-device');
  const { Mqtt } = require('azure-iot-device-mqtt');
  ModuleClient.fromEnvironment(Mqtt).then(async (client) => {
    await client.open();
    for (let n = 1; n <= 3; n += 1) await client.sendOutputEvent('ticks', new Message('tick ' + n));
  });
`;
const IDLE = 'setInterval(() => {}, 1000);';
/** The text of a file that is not empty. */
const readIfThere = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, 'utf8') || undefined : undefined;
const ROUTES = {
  ticks: 'FROM /messages/modules/ticker/outputs/ticks INTO BrokeredEndpoint("/modules/echo/inputs/in")',
  out: 'FROM /messages/modules/echo/outputs/out INTO $upstream',
};

describe('an edge device', () => {
  it('runs modules that join with fromEnvironment over the workload API', async () => {
    const fixture = await EdgeDeviceFixture.start();
    await fixture.program('echo:1', ECHO.replace('BEFORE', ''));
    await fixture.program('ticker:1', TICK);
    fixture.hub.createModule({ deviceId: DEVICE, moduleId: 'echo', managedBy: 'IotEdge' });
    fixture.hub.patchDesired(DEVICE, 'echo', { colour: 'red' });
    fixture.deploy({ echo: { image: 'echo:1' }, ticker: { image: 'ticker:1', restartPolicy: 'never' } }, ROUTES);
    const records = await fixture.telemetry(3);
    expect(records.map((record) => record.body.toString())).toEqual(['in:tick 1', 'in:tick 2', 'in:tick 3']);
    const answer = await fixture.hub.invokeMethod({
      deviceId: DEVICE,
      moduleId: 'echo',
      methodName: 'hello',
      payload: { a: 1 },
    });
    expect(answer).toEqual({ status: 201, payload: { got: { a: 1 } } });
    await fixture.until(
      'the twin is reported',
      () => fixture.hub.twin(DEVICE, 'echo').reported.properties['saw'] === 'red',
    );
    expect(fixture.hub.connection(DEVICE, 'echo').state).toBe('Connected');
  });

  it('redelivers what a killed module had not acknowledged, after restarting it', async () => {
    const fixture = await EdgeDeviceFixture.start();
    // the acknowledgement leaves when the handler returns, which it does not the first time
    const marker = path.join(fixture.directory, 'killed');
    const kill = `const fs = require('fs'); if (!fs.existsSync(process.env.MARKER)) { fs.writeFileSync(process.env.MARKER, ''); process.kill(process.pid, 'SIGKILL'); }`;
    await fixture.program('echo:1', ECHO.replace('BEFORE', kill));
    await fixture.program('ticker:1', TICK);
    fixture.deploy(
      { echo: { image: 'echo:1', env: { MARKER: marker } }, ticker: { image: 'ticker:1', restartPolicy: 'never' } },
      ROUTES,
    );
    const records = await fixture.telemetry(3);
    expect(records.map((record) => record.body.toString())).toEqual(['in:tick 1', 'in:tick 2', 'in:tick 3']);
    expect(await readFile(marker, 'utf8')).toBe('');
    const report = await fixture.until('the restart is reported', () => {
      const reported = fixture.reported('echo');
      return reported?.['restartCount'] === 1 ? reported : undefined;
    });
    expect(report).toMatchObject({ runtimeStatus: 'running', exitCode: 137 });
  });
});

describe('the edge agent', () => {
  it('gives a module its variables, and paths that lead into the image', async () => {
    const fixture = await EdgeDeviceFixture.start();
    await fixture.program(
      'show:1',
      `const fs = require('fs'); fs.writeFileSync(process.env.RESULT + '.new', JSON.stringify({ env: process.env, cwd: process.cwd(), argv: process.argv.slice(1) })); fs.renameSync(process.env.RESULT + '.new', process.env.RESULT); ${IDLE}`,
      {
        files: { 'data/file': 'x', 'models/m/1/model': 'x' },
        config: {
          Env: ['MODEL_DIR=/models/m/1', 'PATH=/app:/usr/bin', 'OWN=image', 'KEPT=image'],
          Cmd: ['/data/file', '/nowhere', 'plain'],
        },
      },
    );
    const result = path.join(fixture.directory, 'result');
    fixture.deploy({
      show: {
        image: 'show:1',
        env: { RESULT: result, OWN: 'manifest' },
        createOptions: {
          Env: ['OWN=options', 'MORE=options'],
          HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } },
        },
      },
    });
    const text = await fixture.until('the module has written', () => readIfThere(result));
    const { env, cwd, argv } = JSON.parse(text) as { env: Record<string, string>; cwd: string; argv: string[] };
    const root = path.join(fixture.directory, 'device/modules/show/rootfs');
    expect(cwd).toBe(path.join(root, 'app'));
    expect(argv).toEqual([path.join(root, 'app/main.cjs'), path.join(root, 'data/file'), '/nowhere', 'plain']);
    const generation = fixture.hub.requireIdentity(DEVICE, 'show').generationId;
    expect(env).toMatchObject({
      MODEL_DIR: path.join(root, 'models/m/1'),
      OWN: 'manifest',
      KEPT: 'image',
      MORE: 'options',
      PORT: '8080',
      EDGEWRIGHT_HTTP_HOST: '127.0.0.1',
      IOTEDGE_WORKLOADURI: expect.stringMatching(/^unix:\/\/.*\.sock$/),
      IOTEDGE_AUTHSCHEME: 'sasToken',
      IOTEDGE_APIVERSION: '2022-08-03',
      IOTEDGE_MODULEID: 'show',
      IOTEDGE_MODULEGENERATIONID: generation,
      IOTEDGE_DEVICEID: DEVICE,
      IOTEDGE_IOTHUBHOSTNAME: 'hub.test',
      IOTEDGE_GATEWAYHOSTNAME: fixture.device.gateway,
    });
    expect(env['PATH']?.endsWith(`${path.join(root, 'app')}:/usr/bin`)).toBe(true);
  });

  it('follows changes of the deployment: starts, replaces, stops and removes modules', async () => {
    const fixture = await EdgeDeviceFixture.start();
    await fixture.program('idle:1', IDLE);
    fixture.deploy({ a: { image: 'idle:1' }, b: { image: 'idle:1' }, c: { image: 'idle:1', status: 'stopped' } });
    const pidOf = (name: string) => fixture.device.modules().find((module) => module.name === name)?.pid;
    const [a, b] = await fixture.until('both run', () => {
      const pids = [pidOf('a'), pidOf('b')];
      return pids.every((pid) => pid !== undefined) ? pids : undefined;
    });
    expect(fixture.device.modules().find(({ name }) => name === 'c')).toMatchObject({ status: 'stopped' });
    expect(fixture.hub.requireIdentity(DEVICE, 'a').managedBy).toBe('IotEdge');
    fixture.deploy({ a: { image: 'idle:1' }, c: { image: 'idle:1', env: { X: '1' } } });
    await fixture.until('c runs', () => pidOf('c'));
    expect(pidOf('a')).toBe(a);
    expect(isAlive(b ?? 0)).toBe(false);
    expect(fixture.hub.identity(DEVICE, 'b')).toBeUndefined();
    await fixture.until('b is not reported', () => fixture.reported('b') === undefined);
    const { lastDesiredStatus, systemModules } = fixture.hub.twin(DEVICE, '$edgeAgent').reported.properties;
    expect(lastDesiredStatus).toEqual({ code: 200, description: '' });
    expect(systemModules).toMatchObject({ edgeHub: { runtimeStatus: 'running' } });
    const pids = [pidOf('a'), pidOf('c')];
    await fixture.stop();
    expect(pids.map((pid) => isAlive(pid ?? 0))).toEqual([false, false]);
  });

  it.each([
    ['never', 0, 'stopped'],
    ['never', 3, 'failed'],
    ['on-failure', 0, 'stopped'],
    ['on-unhealthy', 0, 'stopped'],
  ])('with restart policy %s and exit code %i leaves a module %s', async (restartPolicy, code, status) => {
    const fixture = await EdgeDeviceFixture.start();
    await fixture.program('ends:1', `process.exit(${code})`);
    fixture.deploy({ ends: { image: 'ends:1', restartPolicy } });
    const report = await fixture.until('the end is reported', () => {
      const reported = fixture.reported('ends');
      return reported?.['runtimeStatus'] === status ? reported : undefined;
    });
    expect(report).toMatchObject({ exitCode: code, restartCount: 0, statusDescription: `exited with code ${code}` });
    await delay(200);
    expect(fixture.reported('ends')).toMatchObject({ runtimeStatus: status, restartCount: 0 });
  });

  it.each([
    ['on-failure', 1],
    ['always', 0],
  ])('with restart policy %s and exit code %i restarts a module until it gives up', async (restartPolicy, code) => {
    const fixture = await EdgeDeviceFixture.start({ timings: { restartDelayMs: 20, maxRestartCount: 3 } });
    await fixture.program('ends:1', `process.exit(${code})`);
    fixture.deploy({ ends: { image: 'ends:1', restartPolicy } });
    const report = await fixture.until('it has given up', () => {
      const reported = fixture.reported('ends');
      return reported?.['restartCount'] === 3 &&
        reported['runtimeStatus'] !== 'backoff' &&
        reported['runtimeStatus'] !== 'running'
        ? reported
        : undefined;
    });
    expect(report).toMatchObject({ exitCode: code, runtimeStatus: code === 0 ? 'stopped' : 'failed' });
  });

  it('reports images that cannot be used, and takes them once they can', async () => {
    const fixture = await EdgeDeviceFixture.start();
    fixture.deploy({ late: { image: 'late:1' } });
    const report = await fixture.until('the failure is reported', () => {
      const reported = fixture.reported('late');
      return reported?.['runtimeStatus'] === 'backoff' ? reported : undefined;
    });
    expect(report['statusDescription']).toContain('"late:1" is in none of the image layouts');
    await fixture.program('late:1', IDLE);
    await fixture.until('it runs', () => fixture.reported('late')?.['runtimeStatus'] === 'running');
  });

  it.each([
    [412, { schemaVersion: '2.0' }],
    [400, { schemaVersion: '1.1', runtime: 1 }],
    [400, {}],
  ])('reports status %i for a bad configuration, and keeps what runs', async (code, desired) => {
    const fixture = await EdgeDeviceFixture.start();
    await fixture.program('idle:1', IDLE);
    fixture.deploy({ a: { image: 'idle:1' } });
    await fixture.until('it runs', () => fixture.reported('a')?.['runtimeStatus'] === 'running');
    fixture.hub.replaceTwin({ deviceId: DEVICE, moduleId: '$edgeAgent' }, { desired: { x: 1, ...desired } });
    const reported = await fixture.until('the status is reported', () => {
      const { lastDesiredStatus } = fixture.hub.twin(DEVICE, '$edgeAgent').reported.properties;
      return (lastDesiredStatus as { code: number }).code === code ? lastDesiredStatus : undefined;
    });
    expect(reported).toMatchObject({ code, description: expect.any(String) });
    expect(fixture.device.modules()).toMatchObject([{ name: 'a', status: 'running' }]);
  });

  it('answers ping, RestartModule and GetModuleLogs', async () => {
    const fixture = await EdgeDeviceFixture.start();
    await fixture.program('talks:1', `console.log('one'); console.error('<4> two'); console.log('three'); ${IDLE}`);
    fixture.deploy({ talks: { image: 'talks:1', restartPolicy: 'never' } });
    await fixture.until('it runs', () => fixture.reported('talks')?.['runtimeStatus'] === 'running');
    const call = async (methodName: string, payload: unknown) =>
      await fixture.hub.invokeMethod({ deviceId: DEVICE, moduleId: '$edgeAgent', methodName, payload });
    expect(await call('ping', null)).toEqual({ status: 200, payload: null });
    const logs = async (filter: object, more: object = {}) =>
      await call('GetModuleLogs', { schemaVersion: '1.0', items: [{ id: '.*', filter }], ...more });
    await fixture.until('everything is in the log', () =>
      readIfThere(path.join(fixture.directory, 'device/modules/talks/log'))?.includes('three'),
    );
    expect(await logs({ tail: 1, regex: 'o' })).toMatchObject({
      status: 200,
      payload: [{ id: 'talks', payload: expect.stringMatching(/^(one|<4> two)\n$/) }],
    });
    expect(await logs({ loglevel: 4 })).toMatchObject({ payload: [{ payload: '<4> two\n' }] });
    expect(await logs({ since: '1h', until: 1 })).toMatchObject({ payload: [{ payload: '' }] });
    const json = (await logs({ loglevel: 4 }, { contentType: 'json' })).payload as { payload: string }[];
    expect(JSON.parse(json[0]?.payload ?? '')).toMatchObject([
      { id: 'talks', stream: 'stderr', loglevel: 4, text: 'two' },
    ]);
    const before = fixture.device.modules()[0]?.pid;
    expect(await call('RestartModule', { schemaVersion: '1.0', id: 'talks' })).toEqual({ status: 200, payload: null });
    await fixture.until('it runs again', () => {
      const pid = fixture.device.modules()[0]?.pid;
      return pid !== undefined && pid !== before;
    });
    expect((await call('RestartModule', { schemaVersion: '1.0', id: 'none' })).status).toBe(404);
    expect((await call('RestartModule', {})).status).toBe(400);
    expect((await call('Nonsense', {})).status).toBe(400);
  });

  it('ends a module with all that it started, by force if it must', async () => {
    const fixture = await EdgeDeviceFixture.start({ timings: { stopGraceMs: 200 } });
    const children = path.join(fixture.directory, 'children');
    await fixture.program(
      'stubborn:1',
      `const { spawn } = require('child_process');
       process.on('SIGTERM', () => {});
       const child = spawn('sleep', ['600'], { stdio: 'ignore' });
       require('fs').writeFileSync(process.env.CHILDREN, String(child.pid));
       ${IDLE}`,
    );
    fixture.deploy({ stubborn: { image: 'stubborn:1', env: { CHILDREN: children } } });
    const child = Number(await fixture.until('its child runs', () => readIfThere(children)));
    const pid = fixture.device.modules()[0]?.pid ?? 0;
    expect([isAlive(pid), isAlive(child)]).toEqual([true, true]);
    await fixture.stop();
    await fixture.until('both are gone', () => !isAlive(pid) && !isAlive(child));
  });
});
