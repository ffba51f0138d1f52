import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { OciPlatform } from '@edgewright/contract';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeImage } from '../../test/image-writer.ts';
import type { PullRequest } from './image-sources.ts';
import { processImage } from './process-image.ts';

const IMAGE = 'registry.example/filter:1';
const platform: OciPlatform = { os: 'linux', architecture: 'amd64' };

/** Layouts of a test, and a registry whose images are what the test says. */
async function start(registry: { text?: string } = {}) {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-process-image-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const [own, pulled] = [path.join(directory, 'own'), path.join(directory, 'pulled')];
  const requests: PullRequest[] = [];
  const write = async (layout: string, text: string) =>
    await writeImage(layout, { reference: IMAGE, files: { text }, config: {}, architecture: 'amd64' });
  const pull = async (request: PullRequest) => {
    requests.push(request);
    if (registry.text === undefined) throw new TypeError('the registry is away');
    await write(request.layoutDirectory, registry.text);
  };
  const images = { layouts: [own], references: {}, registries: { pull, layoutDirectory: pulled } };
  const { signal } = new AbortController();
  const find = (spec: Partial<Parameters<typeof processImage>[0]> = {}) =>
    processImage({ image: IMAGE, imagePullPolicy: 'on-create', ...spec }, { images, platform, signal });
  return { own, pulled, requests, registry, write, find };
}

describe('the image of a module that runs as a process', () => {
  it('is the one in a layout of this machine, whatever the registry has', async () => {
    const { own, requests, registry, write, find } = await start({ text: 'theirs' });
    const { digest } = await write(own, 'ours');
    expect((await find()).digest).toBe(digest);
    expect(requests).toEqual([]);
    expect(registry.text).toBe('theirs');
  });

  it('comes from its registry, with the credentials of the deployment, and anew for each deployment', async () => {
    const { pulled, requests, registry, find } = await start({ text: 'first' });
    const credentials = { address: 'registry.example', username: 'me', password: 'secret' };
    const first = await find({ credentials });
    expect(first.layoutDirectory).toBe(pulled);
    expect(requests).toMatchObject([
      { reference: IMAGE, layoutDirectory: pulled, credentials: { username: 'me', password: 'secret' } },
    ]);
    registry.text = 'second';
    expect((await find()).digest).not.toBe(first.digest);
  });

  it('has the digest that the deployment names', async () => {
    const { requests, find } = await start({ text: 'theirs' });
    const { digest } = await find();
    expect((await find({ image: `${IMAGE}@${digest}` })).digest).toBe(digest);
    expect(requests.at(-1)?.reference).toBe(IMAGE);
    const other = `sha256:${'0'.repeat(64)}`;
    await expect(find({ image: `${IMAGE}@${other}` })).rejects.toThrow('under this name is another image');
  });

  it('is what was pulled before when the registry is away', async () => {
    const { registry, find } = await start({ text: 'first' });
    const { digest } = await find();
    delete registry.text;
    expect((await find()).digest).toBe(digest);
  });

  it('is missing when it is nowhere, with the reason', async () => {
    const { own, find } = await start();
    await expect(find()).rejects.toMatchObject({
      code: 'ModuleImageUnusable',
      message: `cannot use the image: "${IMAGE}" is in no image layout (${own}), and was not pulled: the registry is away`,
    });
  });

  it('is not pulled where the deployment forbids it, nor when it names a layout', async () => {
    const { own, requests, find } = await start({ text: 'theirs' });
    await expect(find({ imagePullPolicy: 'never' })).rejects.toThrow('was not pulled: its imagePullPolicy is "never"');
    await expect(find({ image: `oci:${own}:1` })).rejects.toThrow('there is no "1" in the image layout');
    expect(requests).toEqual([]);
  });
});
