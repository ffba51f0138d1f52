import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { ContainerEngine } from './container-engine.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('says that nothing listens where an engine should be', async () => {
  const socketPath = path.resolve('no-such-folder/docker.sock');
  await expect(ContainerEngine.open({ socketPath })).rejects.toMatchObject({
    code: 'ContainerEngineUnusable',
    message: `cannot run services as containers: no Docker Engine can be used: nothing listens at ${socketPath}: it is not installed or not running`,
  });
});

it('refuses an engine of another machine: its ports are not of this one', async () => {
  vi.stubEnv('DOCKER_HOST', 'tcp://192.0.2.1:2375');
  await expect(ContainerEngine.open()).rejects.toMatchObject({
    code: 'ContainerEngineUnusable',
    message: expect.stringContaining('DOCKER_HOST is at 192.0.2.1') as string,
  });
});
