import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeploymentManifest } from '@edgewright/contract';
import { connectHub } from '@edgewright/iothub';
import { openModelRegistry } from '@edgewright/models';
import { buildImage } from '@edgewright/packager';
import { startSimulator } from '@edgewright/simulator';
import type { Simulator, SimulatorOptions } from '@edgewright/simulator';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { TestContext } from 'vitest';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';
import { fitRidge } from '../../examples/diabetes/ridge.ts';
import { readDiabetesTable } from '../../examples/diabetes/table.ts';
import { makeBaseImage, sharedBuildCache } from '../support/base-image.ts';
import { need } from '../support/need.ts';
import { pushLayout } from '../support/push-layout.ts';

const example = fileURLToPath(new URL('../../examples/diabetes', import.meta.url));
const DEVICE = 'edge-1';
const TAG = 'edgewright-test/simulated-diabetes:1';
const OWNER = 'edgewright.simulator.device';

let folder = '';
let built: Promise<string> | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-containers-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Trains, registers and packages the example on a base image of Debian; gives the layout. */
async function packageExample(mmdebstrap: string): Promise<string> {
  await using registry = await openModelRegistry(path.join(folder, 'models'));
  const file = path.join(folder, 'diabetes.onnx');
  await writeFile(file, ridgeToOnnx(fitRidge((await readDiabetesTable()).train, 0.4)));
  const model = await registry.register({ name: 'diabetes', path: file });
  const layoutDirectory = path.join(folder, 'images');
  await buildImage({
    models: [{ model, directory: await registry.directoryOf(model) }],
    config: { entryScript: 'score.ts', baseImage: await makeBaseImage(mmdebstrap, ['amd64']), nodeRuntime: 'bundled' },
    configDirectory: example,
    layoutDirectory,
    cacheDirectory: sharedBuildCache(),
    tag: TAG,
    platforms: ['amd64'],
  });
  return layoutDirectory;
}

interface Engine {
  readonly docker: Docker;
  readonly socketPath: string;
  readonly layout: string;
}

async function engine(context: TestContext): Promise<Engine> {
  const { socketPath } = await need(context, 'docker');
  const { executable } = await need(context, 'mmdebstrap');
  built ??= packageExample(executable);
  return { docker: new Docker({ socketPath }), socketPath, layout: await built };
}

const system = (image: string) => ({ type: 'docker' as const, settings: { image, createOptions: '{}' } });

function manifest(modules: Readonly<Record<string, object>>): DeploymentManifest {
  return {
    modulesContent: {
      $edgeAgent: {
        'properties.desired': {
          schemaVersion: '1.1',
          runtime: { type: 'docker', settings: { minDockerVersion: 'v1.25' } },
          systemModules: {
            edgeAgent: system('mcr.microsoft.com/azureiotedge-agent:1.5'),
            edgeHub: {
              ...system('mcr.microsoft.com/azureiotedge-hub:1.5'),
              status: 'running',
              restartPolicy: 'always',
            },
          },
          modules: modules as never,
        },
      },
      $edgeHub: {
        'properties.desired': {
          schemaVersion: '1.1',
          routes: {
            in: 'FROM /messages/modules/sensor/* INTO BrokeredEndpoint("/modules/scorer/inputs/in")',
            up: 'FROM /messages/modules/scorer/* INTO $upstream',
          },
          storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
        },
      },
    },
  };
}

function module(
  image: string,
  more: { readonly createOptions?: object; readonly [key: string]: unknown } = {},
): object {
  const { createOptions = {}, ...rest } = more;
  return {
    type: 'docker',
    version: '1.0',
    status: 'running',
    restartPolicy: 'always',
    ...rest,
    settings: { image, createOptions: JSON.stringify(createOptions) },
  };
}

async function start(options: Partial<SimulatorOptions>, directory = ''): Promise<Simulator> {
  const stateDirectory = directory === '' ? await mkdtemp(path.join(folder, 'state-')) : directory;
  const simulator = await startSimulator({
    stateDirectory,
    nodePath: process.execPath,
    environment: {},
    edgeHubTimings: { resumeAtOnce: true, retryMinimumMs: 50, retryDeltaMs: 50, retryMaximumMs: 500 },
    agentTimings: { restartDelayMs: 50, maxRestartDelayMs: 400, stopGraceMs: 5000 },
    ...options,
  });
  onTestFinished(async () => await simulator.stop());
  return simulator;
}

async function deploy(simulator: Simulator, modules: Readonly<Record<string, object>>): Promise<void> {
  const { connectionString, httpsPort, caFile } = simulator.info;
  await using hub = connectHub({ connectionString, port: httpsPort, caFile });
  await hub.applyManifest(DEVICE, manifest(modules));
}

async function reported(simulator: Simulator, moduleId: string): Promise<Record<string, unknown>> {
  const { connectionString, httpsPort, caFile } = simulator.info;
  await using hub = connectHub({ connectionString, port: httpsPort, caFile });
  const { modules } = (await hub.moduleTwin(DEVICE, '$edgeAgent')).reported as {
    modules?: Record<string, Record<string, unknown>>;
  };
  return modules?.[moduleId] ?? {};
}

describe('modules as containers', () => {
  it(
    'score through edgeHub from inside a container, from an OCI layout; nothing is left at the end',
    { timeout: 240_000 },
    async (context) => {
      const { docker, socketPath, layout } = await engine(context);
      const simulator = await start({ imageLayouts: [layout], containers: { socketPath } });
      await simulator.createDevice({ deviceId: DEVICE, edge: true });
      const arrived = first(simulator);
      await deploy(simulator, {
        scorer: module(TAG, {
          env: { LOG_LEVEL: { value: 'info' } },
          createOptions: { Labels: { mine: 'yes' }, HostConfig: { ReadonlyRootfs: true } },
        }),
      });
      await simulator.waitForModule({ deviceId: DEVICE, moduleId: 'scorer', timeoutMs: 120_000 });
      const [container] = await docker.listContainers({ filters: { label: ['mine=yes'] } });
      const { Config, HostConfig } = await docker.getContainer(container?.Id ?? '').inspect();
      expect(Config.User).toBe('1000');
      expect(HostConfig).toMatchObject({ NetworkMode: 'host', ReadonlyRootfs: true });
      expect(Config.Labels).toHaveProperty(OWNER);
      await simulator.send({
        deviceId: DEVICE,
        moduleId: 'sensor',
        output: 'out',
        messages: [{ body: { data: [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]] } }],
      });
      const { predictions } = JSON.parse((await arrived).toString()) as { predictions: number[] };
      expect(Math.abs((predictions[0] ?? 0) / 5215.1803 - 1)).toBeLessThan(1e-5);
      await expect
        .poll(async () => await reported(simulator, 'scorer'), { timeout: 10_000 })
        .toMatchObject({ runtimeStatus: 'running', exitCode: 0, restartCount: 0 });
      await simulator.stop();
      expect(await docker.listContainers({ all: true, filters: { label: ['mine=yes'] } })).toEqual([]);
    },
  );

  it(
    'pull from a registry, restart by their policy, and report exit codes and counts',
    { timeout: 240_000 },
    async (context) => {
      const { docker, socketPath, layout } = await engine(context);
      const { host } = await need(context, 'registry');
      await pushLayout(layout, TAG, host);
      const simulator = await start({ containers: { socketPath } });
      await simulator.createDevice({ deviceId: DEVICE, edge: true });
      const image = `${host}/${TAG}`;
      const exit = (code: number, entry: string) => ({
        createOptions: {
          Labels: { mine: 'no' },
          Entrypoint: [entry, '-e', `console.log('module was here'); process.exit(${code})`],
        },
      });
      const node = await nodeOf(docker, { simulator, image });
      await deploy(simulator, {
        failing: module(image, { restartPolicy: 'on-failure', ...exit(3, node) }),
        once: module(image, { restartPolicy: 'never', ...exit(4, node) }),
      });
      await expect
        .poll(async () => await reported(simulator, 'once'), { timeout: 60_000 })
        .toMatchObject({ runtimeStatus: 'failed', exitCode: 4, restartCount: 0 });
      await expect
        .poll(async () => (await reported(simulator, 'failing'))['restartCount'], { timeout: 60_000 })
        .toBeGreaterThan(1);
      expect(await reported(simulator, 'failing')).toMatchObject({ exitCode: 3 });
      const logs = await simulator.invokeMethod({
        deviceId: DEVICE,
        moduleId: '$edgeAgent',
        methodName: 'GetModuleLogs',
        payload: { schemaVersion: '1.0', items: [{ id: 'once', filter: {} }], encoding: 'none', contentType: 'text' },
      });
      expect(JSON.stringify(logs.payload)).toContain('module was here');
      await simulator.stop();
    },
  );

  it('that a killed simulator left behind are removed at its next start', { timeout: 240_000 }, async (context) => {
    const { docker, socketPath, layout } = await engine(context);
    const stateDirectory = await mkdtemp(path.join(folder, 'killed-'));
    const simulator = await start({ imageLayouts: [layout], containers: { socketPath } }, stateDirectory);
    await simulator.createDevice({ deviceId: DEVICE, edge: true });
    await deploy(simulator, { scorer: module(TAG, { createOptions: { Labels: { mine: 'left' } } }) });
    await simulator.waitForModule({ deviceId: DEVICE, moduleId: 'scorer', timeoutMs: 120_000 });
    await simulator.stop();
    const program = fileURLToPath(new URL('../support/run-simulator.ts', import.meta.url));
    const child = spawn(process.execPath, [program, stateDirectory, layout, socketPath], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const left = async () => await docker.listContainers({ filters: { label: ['mine=left'] } });
    await expect.poll(async () => (await left()).length, { timeout: 60_000 }).toBe(1);
    const [before] = await left();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect((await left()).map(({ Id }) => Id)).toEqual([before?.Id]);
    const again = await start({ imageLayouts: [], containers: { socketPath } }, stateDirectory);
    expect((await left()).filter(({ Id }) => Id === before?.Id)).toEqual([]);
    await again.stop();
    expect(await left()).toEqual([]);
  });
});

/** The body of the first message that reaches the hub. */
async function first(simulator: Simulator): Promise<Buffer> {
  for await (const { body } of simulator.monitor({ afterSequenceNumber: 0 }, AbortSignal.timeout(150_000))) return body;
  throw new TypeError('nothing reached the hub');
}

/** Where the image has its Node.js. */
async function nodeOf(docker: Docker, { simulator, image }: { simulator: Simulator; image: string }): Promise<string> {
  await deploy(simulator, { probe: module(image, { restartPolicy: 'never', status: 'stopped' }) });
  const pulling = await docker.pull(image, {});
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(pulling, (error) => (error === null ? resolve() : reject(error)));
  });
  const { Config } = await docker.getImage(image).inspect();
  const entry = Config.Entrypoint;
  return (Array.isArray(entry) ? entry[0] : entry) ?? 'node';
}
