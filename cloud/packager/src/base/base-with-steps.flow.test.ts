import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ProgressEvent } from '@edgewright/contract';
import Docker from 'dockerode';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeImageLayout } from '../../../../test/support/make-image-layout.ts';
import { need } from '../../../../test/support/need.ts';
import { baseWithSteps } from './base-with-steps.ts';
import type { BaseWithStepsOptions } from './base-with-steps.ts';
import type { BaseImage } from './base-image.ts';
import { readBaseImage } from './read-base-image.ts';
import { readSteps } from './read-steps.ts';

const platforms = ['amd64', 'arm64v8'] as const;

interface Setup {
  readonly folder: string;
  readonly base: BaseImage;
  readonly events: ProgressEvent[];
  readonly run: (steps: string, engine?: BaseWithStepsOptions['engine']) => Promise<BaseImage>;
}

/** A base of one layer for two platforms, and a folder with a file that steps can copy. */
async function createSetup(): Promise<Setup> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-steps-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const layers = [{ 'etc/base': 'base' }];
  const config = { Env: ['A=1'] };
  await makeImageLayout(path.join(folder, 'base'), [
    {
      name: 'base:1',
      platforms: [
        { architecture: 'amd64', layers, config },
        { architecture: 'arm64', variant: 'v8', layers, config },
      ],
    },
  ]);
  await mkdir(path.join(folder, 'steps'));
  await writeFile(path.join(folder, 'steps/site.conf'), 'of this plant');
  const base = await readBaseImage('oci:base', { configDirectory: folder, platforms });
  const events: ProgressEvent[] = [];
  const run: Setup['run'] = async (steps, engine) => {
    await writeFile(path.join(folder, 'steps/steps'), steps);
    return await baseWithSteps(base, await readSteps('steps/steps', folder), {
      platforms,
      cacheDirectory: path.join(folder, 'cache'),
      emit: (event) => events.push(event),
      ...(engine === undefined ? {} : { engine }),
    });
  };
  return { folder, base, events, run };
}

describe('steps of a Dockerfile', () => {
  it(
    'add layers and settings to the base of each platform, which stays as it is',
    { timeout: 120_000 },
    async (context) => {
      const { socketPath } = await need(context, 'docker');
      const { base, events, run } = await createSetup();
      const made = await run('COPY site.conf /etc/site.conf\nENV B=2\n', { socketPath });
      for (const platform of platforms) {
        const before = base.platforms.get(platform);
        const after = made.platforms.get(platform);
        expect(after?.layers).toHaveLength(2);
        expect(after?.layers[0]).toEqual(before?.layers[0]);
        expect(after?.config?.config?.Env).toEqual(expect.arrayContaining(['A=1', 'B=2']));
        expect(after?.config?.architecture).toBe(before?.config?.architecture);
      }
      const names = (await new Docker({ socketPath }).listImages()).flatMap((image) => image.RepoTags ?? []);
      expect(names.filter((name) => /^edgewright-(?:base|steps)-/.test(name))).toEqual([]);
      events.length = 0;
      expect((await run('COPY site.conf /etc/site.conf\nENV B=2\n', { socketPath })).platforms).toEqual(made.platforms);
      expect(events).toEqual([]);
    },
  );

  it('that fail are told with the platform and the reason', { timeout: 120_000 }, async (context) => {
    const { socketPath } = await need(context, 'docker');
    const { folder, run } = await createSetup();
    await expect(run('COPY nothing /etc/\n', { socketPath })).rejects.toMatchObject({
      code: 'DockerFailed',
      message: expect.stringMatching(/run the steps for amd64 .*nothing/s) as string,
    });
    expect(await readdir(path.join(folder, 'cache/steps'))).toEqual([]);
  });

  it('need a Docker Engine, and say so', async () => {
    const { folder, run } = await createSetup();
    const socketPath = path.join(folder, 'no.sock');
    await expect(run('ENV B=2\n', { socketPath })).rejects.toMatchObject({
      code: 'DockerFailed',
      message: expect.stringContaining(`there is no Docker Engine at ${socketPath}`) as string,
    });
  });

  it.each([
    ['FROM debian\n', 'it has a line FROM'],
    ['# nothing\n', 'it has no step'],
  ])('are refused as %j', async (steps, words) => {
    const { run } = await createSetup();
    await expect(run(steps)).rejects.toMatchObject({
      code: 'ImageInputInvalid',
      message: expect.stringContaining(words) as string,
    });
  });
});
