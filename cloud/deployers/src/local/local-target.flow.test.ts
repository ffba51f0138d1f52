import { mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleScorer } from '@edgewright/packager';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { createAppRoot } from '../../../../test/support/scorer-process.ts';
import { affineOnnx } from '../../../../test/support/tiny-models.ts';
import { completeDeploymentConfig } from '../config/complete-deployment-config.ts';
import { issueToken, makeCredentials } from '../credentials/service-credentials.ts';
import { driveDeployment } from '../drive-deployment.ts';
import type { ServiceSpec } from '../service-spec.ts';
import { LocalTarget } from './local-target.ts';
import { ServiceFolder } from './service-folder.ts';
import { freePort } from '../../../../test/support/free-port.ts';

const cleanups: (() => Promise<unknown>)[] = [];
let scorer = '';

beforeAll(async () => {
  // inside the repository, from where the runtimes that stay outside of the bundle are found
  scorer = path.resolve('node_modules/.cache/edgewright', `scorer-${process.pid}`);
  await bundleScorer(scorer);
  return () => rm(scorer, { recursive: true, force: true });
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** An app root as `layOutApp` makes it. */
async function app(entryScript?: string): Promise<string> {
  const root = await createAppRoot(affineOnnx(), entryScript);
  cleanups.push(async () => root[Symbol.asyncDispose]());
  await symlink(scorer, path.join(root.directory, 'scorer'));
  return root.directory;
}

async function setUp(config: Record<string, unknown> = {}) {
  const directory = path.join(await temporaryFolder(), 'services');
  await mkdir(directory);
  const target = new LocalTarget({
    directory,
    nodePath: process.execPath,
    environment: { PATH: process.env['PATH'] ?? '' },
  });
  const settings = completeDeploymentConfig({ computeType: 'local', ...config }, 'test');
  const port = await freePort();
  let revision = 0;
  const spec = async (artifact: string): Promise<ServiceSpec> => ({
    name: 'tiny-service',
    revision: (revision += 1),
    settings,
    models: ['model:1'],
    artifact,
    credentials: await makeCredentials(settings),
    port,
  });
  cleanups.push(async () => target.remove({ ...(await spec('')), name: 'tiny-service' }));
  const texts: string[] = [];
  const deploy = (next: ServiceSpec, former?: ServiceSpec) =>
    driveDeployment({
      target,
      spec: next,
      events: ({ text }) => texts.push(text),
      ...(former === undefined ? {} : { former }),
    });
  const score = (headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}/score`, { method: 'POST', headers, body: '{"data":[[1,2,3]]}' });
  return { target, directory, spec, deploy, score, texts };
}

const answers = (text: string): string => `export function run() { return { from: ${JSON.stringify(text)} }; }`;

describe('the local target', () => {
  it('runs a service that outlives its deployer, is found again, and is removed with all that belongs to it', async () => {
    const { target, spec, deploy, score, directory, texts } = await setUp();
    const first = await spec(await app());
    expect((await target.plan(first)).changes).toMatchObject([{ action: 'create' }]);
    expect(await target.observe(first)).toBeUndefined();
    const seen = await deploy(first);
    expect(seen).toMatchObject({ state: 'Healthy', revision: 1, replicas: { desired: 1, ready: 1 } });
    expect(await (await score()).json()).toEqual({ predictions: [[3, 5, 7]] });
    const another = new LocalTarget({ directory, nodePath: process.execPath, environment: {} });
    expect(await another.observe(first)).toMatchObject({ state: 'Healthy', revision: 1, url: seen.url });
    expect((await another.logs(first, 1000)).join('\n')).toContain('ready to score');
    expect(await another.logs(first, 1)).toHaveLength(1);
    expect(texts.at(-1)).toBe('tiny-service is Healthy');
    await another.remove(first);
    expect(await target.observe(first)).toBeUndefined();
    await expect(score()).rejects.toThrow('fetch failed');
    await another.remove(first);
  });

  it('exchanges revisions under load at the same address, without one failed request', async () => {
    const { target, spec, deploy, score } = await setUp({
      maxConcurrentRequestsPerContainer: 8,
      maxQueueWaitMs: 10_000,
    });
    const first = await spec(await app(answers('one')));
    await deploy(first);
    const outcomes = new Map<string, number>();
    const stop = new AbortController();
    const caller = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const outcome = await score().then(
          async (response) =>
            response.ok ? ((await response.json()) as { from: string }).from : String(response.status),
          (error: unknown) => String(error),
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    };
    const callers = Array.from({ length: 4 }, caller);
    const second = await spec(await app(answers('two')));
    expect((await target.plan(second)).changes).toMatchObject([{ action: 'update' }]);
    await deploy(second, first);
    await sleep(2500);
    stop.abort();
    await Promise.all(callers);
    expect([...outcomes.keys()].toSorted()).toEqual(['one', 'two']);
    expect(await (await score()).json()).toEqual({ from: 'two' });
  });

  it('says Failed when the first revision does not come up', async () => {
    const { target, spec, deploy } = await setUp();
    const first = await spec(await app('export const nothing = 1;'));
    await expect(deploy(first)).rejects.toMatchObject({ code: 'DeploymentFailed', details: { state: 'Failed' } });
    expect(await target.observe(first)).toMatchObject({ state: 'Failed', revision: undefined });
  });

  it('starts a service again that ends', async () => {
    const { spec, deploy, score, target, directory } = await setUp();
    const first = await spec(await app());
    await deploy(first);
    const status = await new ServiceFolder(path.join(directory, first.name)).readStatus();
    process.kill(status?.processId ?? 0, 'SIGKILL');
    await expect.poll(async () => (await target.observe(first))?.state, { timeout: 20_000 }).toBe('Unhealthy');
    await expect.poll(async () => (await target.observe(first))?.state, { timeout: 20_000 }).toBe('Healthy');
    expect((await score()).status).toBe(200);
  });

  it('asks for keys, and takes new ones without a restart', async () => {
    const { target, spec, deploy, score } = await setUp({ authEnabled: true });
    const first = await spec(await app());
    await deploy(first);
    const { primaryKey = '', secondaryKey = '' } = first.credentials.keys ?? {};
    expect((await score()).status).toBe(401);
    expect((await score({ authorization: `Bearer ${primaryKey}` })).status).toBe(200);
    const keys = { primaryKey: 'another-key-0123456789', secondaryKey };
    await target.setCredentials({ ...first, credentials: { keys } });
    await expect
      .poll(async () => (await score({ authorization: `Bearer ${primaryKey}` })).status, { timeout: 10_000 })
      .toBe(401);
    expect((await score({ authorization: `Bearer ${keys.primaryKey}` })).status).toBe(200);
    expect((await score({ authorization: `Bearer ${secondaryKey}` })).status).toBe(200);
  });

  it('issues tokens of its own', async () => {
    const { spec, deploy, score } = await setUp({ tokenAuthEnabled: true });
    const first = await spec(await app());
    await deploy(first);
    const { accessToken } = await issueToken(first.name, first.credentials);
    expect((await score({ authorization: `Bearer ${accessToken}` })).status).toBe(200);
    const others = await issueToken('another-service', first.credentials);
    expect((await score({ authorization: `Bearer ${others.accessToken}` })).status).toBe(401);
    const expired = await issueToken(first.name, first.credentials, Date.now() - 2 * 3_600_000);
    expect((await score({ authorization: `Bearer ${expired.accessToken}` })).status).toBe(401);
  });
});
