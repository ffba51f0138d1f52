import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Workspace } from '@edgewright/workspace';
import { pushImage } from '@edgewright/packager';
import type { ModuleState } from '@edgewright/simulator';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DockerRegistry } from '../support/docker-registry.ts';
import { makeImageLayout } from '../support/make-image-layout.ts';
import { need } from '../support/need.ts';
import { TestRegistry } from '../support/test-registry.ts';

const credentials = { username: 'me', password: 'secret' };

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-registries-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Puts an image into a registry whose program only waits. */
async function pushWaiter(folder: string, host: string): Promise<string> {
  const layoutDirectory = path.join(folder, 'built-elsewhere');
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const files = { 'app/main.cjs': 'setInterval(() => {}, 1000)' };
  const config = { Entrypoint: ['node', '/app/main.cjs'] };
  await makeImageLayout(layoutDirectory, [
    { name: 'waiter:1', platforms: [{ architecture, layers: [files], config }] },
  ]);
  const target = `${host}/tools/waiter:1`;
  await pushImage({ layoutDirectory, image: 'waiter:1', target, registry: { credentials } });
  return target;
}

function deploymentOf(image: string, registryCredentials: object) {
  const settings = { image, createOptions: '{}' };
  const system = { type: 'docker', settings };
  return {
    modulesContent: {
      $edgeAgent: {
        'properties.desired': {
          schemaVersion: '1.1',
          runtime: { type: 'docker', settings: { minDockerVersion: 'v1.25', registryCredentials } },
          systemModules: {
            edgeAgent: system,
            edgeHub: { ...system, status: 'running', restartPolicy: 'always' },
          },
          modules: { waiter: { type: 'docker', status: 'running', restartPolicy: 'never', version: '1', settings } },
        },
      },
      $edgeHub: {
        'properties.desired': {
          schemaVersion: '1.1',
          routes: {},
          storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
        },
      },
    },
  };
}

/** Deploys the image, and gives how its module fares when it runs or has failed. */
async function fate(folder: string, image: string, registryCredentials: object = {}) {
  await using workspace = await Workspace.open(path.join(folder, 'workspace'));
  await using simulator = await workspace.simulator.start({
    development: { deployment: deploymentOf(image, registryCredentials) },
  });
  let state: ModuleState | undefined;
  const status = async () => {
    const { modules } = await simulator.device(simulator.info.development?.deviceId ?? '');
    state = modules.find(({ moduleId }) => moduleId === 'waiter')?.state;
    return state?.status;
  };
  await expect.poll(status).toMatch(/^(running|backoff|failed)$/);
  return state;
}

describe('modules as processes, from a registry', () => {
  it('start, with the credentials of the deployment', async () => {
    const folder = await makeFolder();
    await using registry = await TestRegistry.start({ user: 'me:secret' });
    const image = await pushWaiter(folder, registry.host);
    const known = { own: { address: registry.host, ...credentials } };
    expect(await fate(folder, image, known)).toMatchObject({ status: 'running' });
    const wrong = { own: { address: registry.host, ...credentials, password: 'guessed' } };
    expect(await fate(await makeFolder(), image, wrong)).toMatchObject({
      status: expect.stringMatching(/^(backoff|failed)$/),
      description: expect.stringContaining(`"${image}" is in no image layout`),
    });
  });

  it('start from a real registry', async (context) => {
    const { executable } = await need(context, 'docker-registry');
    const folder = await makeFolder();
    await using registry = await DockerRegistry.start({ executable });
    const image = await pushWaiter(folder, registry.host);
    expect(await fate(folder, image)).toMatchObject({ status: 'running' });
  });
});
