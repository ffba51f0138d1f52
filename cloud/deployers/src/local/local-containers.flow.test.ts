import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import Docker from 'dockerode';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import type { TestContext } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { freePort } from '../../../../test/support/free-port.ts';
import { need } from '../../../../test/support/need.ts';
import { makeScorerImage } from '../../../../test/support/scorer-image.ts';
import type { ScorerImage } from '../../../../test/support/scorer-image.ts';
import { affineOnnx } from '../../../../test/support/tiny-models.ts';
import { completeDeploymentConfig } from '../config/complete-deployment-config.ts';
import { makeCredentials } from '../credentials/service-credentials.ts';
import { driveDeployment } from '../drive-deployment.ts';
import type { ServiceSpec } from '../service-spec.ts';
import { LocalTarget } from './local-target.ts';

/** Answers who it is; takes memory or ends when it is told to. */
const script = (name: string): string => `
  const kept: Buffer[] = [];
  export function init() { if (${JSON.stringify(name)} === 'greedy') for (;;) kept.push(Buffer.alloc(16e6, 1)); }
  export function run() { return { from: ${JSON.stringify(name)} }; }`;

const images = new Map<string, Promise<ScorerImage>>();
afterAll(async () => {
  for (const image of images.values()) await (await image)[Symbol.asyncDispose]();
});

async function setUp(context: TestContext, config: Record<string, unknown> = {}) {
  const { socketPath } = await need(context, 'docker');
  const { executable: mmdebstrap } = await need(context, 'mmdebstrap');
  const directory = path.join(await temporaryFolder(), 'services');
  await mkdir(directory);
  const target = new LocalTarget({
    directory,
    nodePath: process.execPath,
    environment: { PATH: process.env['PATH'] ?? '' },
    engineEnvironment: { DOCKER_HOST: `unix://${socketPath}` },
  });
  const port = await freePort();
  let revision = 0;
  const spec = async (name: string): Promise<ServiceSpec> => {
    const tag = `edgewright-test/containers:${name}`;
    const made = images.get(tag) ?? makeScorerImage({ socketPath, mmdebstrap, model: affineOnnx(), entryScript: script(name), tag });
    images.set(tag, made);
    await made;
    const settings = completeDeploymentConfig({ computeType: 'local', container: true, ...config }, 'test');
    revision += 1;
    return { name: 'tiny-service', revision, settings, models: ['model:1'], artifact: tag, credentials: await makeCredentials(settings), port };
  };
  const deploy = (wanted: ServiceSpec, former?: ServiceSpec) =>
    driveDeployment({ target, spec: wanted, events: () => {}, ...(former === undefined ? {} : { former }) });
  const score = async (key?: string): Promise<string> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const response = await fetch(`http://127.0.0.1:${port}/score`, { method: 'POST', headers, body: '{"data":[[1,2,3]]}' });
    return response.ok ? ((await response.json()) as { from: string }).from : String(response.status);
  };
  onTestFinished(async () => {
    await target.remove({ ...(await spec('one')), name: 'tiny-service' });
  });
  const containers = async () =>
    (await new Docker({ socketPath }).listContainers({ all: true, filters: { label: ['edgewright.service=tiny-service'] } })).map(({ Id }) => Id);
  return { target, spec, deploy, score, port, containers, socketPath };
} // prettier-ignore

it(
  'exchanges containers under load without a failed request, takes new keys without a restart, and starts one again that ends',
  { timeout: 420_000 },
  async (context) => {
    const keys = { primaryKey: 'primary-key-0123456789', secondaryKey: 'secondary-key-0123456789' };
    const config = {
      authEnabled: true,
      maxConcurrentRequestsPerContainer: 8,
      maxQueueWaitMs: 20_000,
      containerNetwork: 'host',
      keys,
    };
    const { spec, deploy, score, containers, target, socketPath } = await setUp(context, config);
    const first = await spec('one');
    await deploy(first);
    const outcomes = new Set<string>();
    const stop = new AbortController();
    const callers = Array.from({ length: 2 }, async () => {
      while (!stop.signal.aborted) outcomes.add(await score(keys.primaryKey).catch((error: unknown) => String(error)));
    });
    const second = await spec('two');
    await deploy(second, first);
    await expect.poll(containers, { timeout: 30_000 }).toHaveLength(1);
    stop.abort();
    await Promise.all(callers);
    expect([...outcomes].toSorted()).toEqual(['one', 'two']);

    const [id = ''] = await containers();
    expect(await score()).toBe('401');
    const primaryKey = 'another-key-0123456789';
    await target.setCredentials({ ...second, credentials: { keys: { ...keys, primaryKey } } });
    await expect.poll(() => score(primaryKey), { timeout: 30_000 }).toBe('two');
    expect(await score(keys.primaryKey)).toBe('401');
    expect(await containers()).toEqual([id]);
    const container = new Docker({ socketPath }).getContainer(id);
    const { HostConfig } = await container.inspect();
    expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], NetworkMode: 'host' });
    await container.kill();
    await expect.poll(() => score(primaryKey), { timeout: 30_000 }).toBe('503');
    await expect.poll(() => score(primaryKey), { timeout: 60_000 }).toBe('two');
    expect(await target.observe(second)).toMatchObject({ state: 'Healthy', revision: 2 });
  },
);

it('holds a container to its memory, and says that this was the reason', async (context) => {
  const { spec, deploy } = await setUp(context, { containerResourceRequirements: { cpu: 1, memoryInGB: 0.3 } });
  await expect(deploy(await spec('greedy'))).rejects.toMatchObject({
    code: 'DeploymentFailed',
    message: expect.stringMatching(/more than 0\.3 GB of memory[^]*Raise memoryInGB/) as string,
    details: { stage: 'start' },
  });
});

it('says that a port is taken, and which image is missing', async (context) => {
  const { spec, deploy, port, containers } = await setUp(context);
  const other = createServer().listen(port, '127.0.0.1');
  const first = await spec('one');
  await expect(deploy(first)).rejects.toMatchObject({
    message: expect.stringContaining(`cannot listen on 127.0.0.1:${port}`) as string,
    details: { stage: 'listen', likelyCause: expect.stringContaining('Choose another port') as string },
  });
  await new Promise((resolve) => other.close(resolve));
  const nowhere = { ...(await spec('one')), artifact: 'edgewright-test/nowhere:1' };
  await expect(deploy(nowhere)).rejects.toMatchObject({ details: { stage: 'pull' } });
  expect(await containers()).toEqual([]);
});

it('publishes a port where the engine has a bridge', async (context) => {
  const { socketPath } = await need(context, 'docker');
  const docker = new Docker({ socketPath });
  const network = await docker.createNetwork({ Name: `edgewright-test-${process.pid}`, Driver: 'bridge' });
  onTestFinished(() => network.remove());
  const { spec, deploy, score } = await setUp(context, { containerNetwork: `edgewright-test-${process.pid}` });
  await deploy(await spec('one'));
  expect(await score()).toBe('one');
});
