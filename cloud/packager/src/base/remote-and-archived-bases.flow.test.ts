import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeImageLayout } from '../../../../test/support/make-image-layout.ts';
import { TestRegistry } from '../../../../test/support/test-registry.ts';
import type { TestRegistryOptions } from '../../../../test/support/test-registry.ts';
import { exportImage } from '../export-image.ts';
import { ImageLayout } from '../layout/image-layout.ts';
import { pushImage } from '../push-image.ts';
import type { BaseImage } from './base-image.ts';
import { readBaseImage } from './read-base-image.ts';
import type { ReadBaseOptions } from './read-base-image.ts';

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-bases-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await makeImageLayout(path.join(folder, 'images'), [
    {
      name: 'base:1',
      platforms: [
        { architecture: 'amd64', layers: [{ etc: 'intel' }, { bin: 'shared' }], config: { User: 'root' } },
        { architecture: 'arm64', variant: 'v8', layers: [{ etc: 'arm' }, { bin: 'shared' }] },
        { architecture: 's390x', layers: [{ etc: 'big' }] },
      ],
    },
  ]);
  return folder;
}

async function open(name: string, folder: string, more: Partial<ReadBaseOptions> = {}): Promise<BaseImage> {
  return await readBaseImage(name, { configDirectory: folder, platforms: [], ...more });
}

/** Brings all layers of a base into a new layout. */
async function includeAll(base: BaseImage, folder: string): Promise<string[]> {
  const target = await ImageLayout.open(path.join(folder, `target-${Math.random()}`));
  const outcomes: string[] = [];
  for (const { layers } of base.platforms.values()) {
    for (const layer of layers) outcomes.push(await base.include(layer, target));
  }
  return outcomes;
}

describe('a base image in a registry', () => {
  async function createRegistry(
    options: TestRegistryOptions = {},
  ): Promise<{ folder: string; host: string; digest: string }> {
    const folder = await makeFolder();
    const registry = await TestRegistry.start(options);
    onTestFinished(() => registry[Symbol.asyncDispose]());
    const [username = '', password = ''] = (options.user ?? ':').split(':');
    const { digest } = await pushImage({
      layoutDirectory: path.join(folder, 'images'),
      image: 'base:1',
      target: `${registry.host}/os/base:1`,
      registry: options.user === undefined ? {} : { credentials: { username, password } },
    });
    return { folder, host: registry.host, digest };
  }

  it('gives the platforms of its index, by tag and by digest, and its layers when they are wanted', async () => {
    const { folder, host, digest } = await createRegistry();
    const base = await open(`${host}/os/base:1`, folder, { platforms: ['amd64', 'arm64v8'] });
    expect(base.digest).toBe(digest);
    expect([...base.platforms.keys()]).toEqual(['amd64', 'arm64v8']);
    expect(base.platforms.get('amd64')?.config?.config?.User).toBe('root');
    expect(await includeAll(base, folder)).toEqual(['copied', 'copied', 'copied', 'present']);
    const pinned = await open(`${host}/os/base:9@${digest}`, folder);
    expect(pinned.digest).toBe(digest);
  });

  it('is read with the credentials of the inference configuration, which no other registry gets', async () => {
    const { folder, host } = await createRegistry({ user: 'me:secret' });
    const access = { address: host, username: 'me', password: 'secret' };
    expect((await open('os/base:1', folder, { access })).platforms.size).toBe(2);
    await expect(open(`${host}/os/base:1`, folder)).rejects.toMatchObject({ code: 'RegistryRefused' });
    const elsewhere = { ...access, address: 'example.azurecr.io' };
    await expect(open(`${host}/os/base:1`, folder, { access: elsewhere })).rejects.toMatchObject({
      code: 'RegistryRefused',
    });
  });

  it('says what it lacks', async () => {
    const { folder, host } = await createRegistry();
    await expect(open(`${host}/os/base:1`, folder, { platforms: ['arm32v7'] })).rejects.toThrow('it lacks arm32v7');
    await expect(open(`${host}/os/base:2`, folder)).rejects.toMatchObject({ code: 'BaseImageInvalid' });
    await expect(open('Not A Name', folder)).rejects.toMatchObject({ code: 'ImageInputInvalid' });
  });
});

describe('a base image in an archive of docker save', () => {
  it('gives what was written as one', async () => {
    const folder = await makeFolder();
    const exported = await exportImage({
      layoutDirectory: path.join(folder, 'images'),
      image: 'base:1',
      target: 'docker-archive:base.tar',
      platform: 'arm64v8',
      directory: folder,
      architecture: 'x64',
    });
    for (const name of ['docker-archive:base.tar', 'docker-archive:base.tar:1', 'docker-archive:base.tar:base:1']) {
      const base = await open(name, folder);
      expect([...base.platforms.keys()]).toEqual(['arm64v8']);
      expect(base.digest).toBe(exported.digest);
      expect(await includeAll(base, folder)).toEqual(['copied', 'copied']);
    }
    await writeFile(path.join(folder, 'base.tar.gz'), gzipSync(await readFile(path.join(folder, 'base.tar'))));
    expect(await includeAll(await open('docker-archive:base.tar.gz', folder), folder)).toEqual(['copied', 'copied']);
    await expect(open('docker-archive:base.tar:2', folder)).rejects.toThrow('the archive holds base:1');
  });

  type Members = readonly (readonly [name: string, content: string | Buffer | { readonly link: string }])[];
  const digestOf = (bytes: Buffer | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const layer = Buffer.from('a layer, as far as digests go');
  const config = (...diffIds: string[]): string =>
    JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } });
  const manifest = (...layers: string[]): string =>
    JSON.stringify([{ Config: 'config.json', RepoTags: null, Layers: layers }]);

  async function openMembers(members: Members): Promise<{ base: BaseImage; folder: string }> {
    const folder = await makeFolder();
    const archive = pack();
    for (const [name, content] of members) {
      if (typeof content === 'object' && 'link' in content)
        archive.entry({ name, type: 'symlink', linkname: content.link });
      else archive.entry({ name }, content);
    }
    archive.finalize();
    await writeFile(
      path.join(folder, 'it.tar'),
      Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>)),
    );
    return { base: await open('docker-archive:it.tar', folder), folder };
  }

  it('finds layers behind links, as old archives store them', async () => {
    const { base, folder } = await openMembers([
      ['config.json', config(digestOf(layer), digestOf(layer))],
      ['a/layer.tar', layer],
      ['b/layer.tar', { link: '../a/layer.tar' }],
      ['manifest.json', manifest('a/layer.tar', 'b/layer.tar')],
    ]);
    expect(await includeAll(base, folder)).toEqual(['copied', 'present']);
  });

  it.each<[string, Members, string]>([
    ['has no manifest', [['config.json', '{}']], 'it has no manifest.json'],
    ['has a manifest that is none', [['manifest.json', '{"a":1}']], 'is not valid'],
    ['lacks its configuration', [['manifest.json', manifest()]], 'its configuration "config.json" is not in it'],
    [
      'lacks a layer',
      [
        ['config.json', config(digestOf(layer))],
        ['manifest.json', manifest('layer.tar')],
      ],
      'its layer "layer.tar" is not in it',
    ],
    [
      'has another layer than its configuration says',
      [
        ['config.json', config(digestOf('other'))],
        ['layer.tar', layer],
        ['manifest.json', manifest('layer.tar')],
      ],
      'and its configuration says',
    ],
    [
      'has more layers than its configuration',
      [
        ['config.json', config()],
        ['layer.tar', layer],
        ['manifest.json', manifest('layer.tar')],
      ],
      'its configuration says nothing',
    ],
    [
      'has links in a circle',
      [
        ['config.json', config(digestOf(layer))],
        ['layer.tar', { link: 'other.tar' }],
        ['other.tar', { link: 'layer.tar' }],
        ['manifest.json', manifest('layer.tar')],
      ],
      'its layer "layer.tar" is not in it',
    ],
    [
      'points out of the archive',
      [
        ['config.json', config(digestOf(layer))],
        ['manifest.json', manifest('../../../../etc/passwd')],
      ],
      'is not in it',
    ],
    [
      'has a layer whose compression breaks off',
      [
        ['config.json', config(digestOf(layer))],
        ['layer.tar', gzipSync(layer).subarray(0, 20)],
        ['manifest.json', manifest('layer.tar')],
      ],
      'unexpected end of file',
    ],
  ])('is refused when it %s', async (_, members, words) => {
    const opening = openMembers(members);
    await expect(opening).rejects.toMatchObject({ code: 'BaseImageInvalid' });
    await expect(opening).rejects.toThrow(words);
  });

  it('is refused when it is no archive', async () => {
    const folder = await makeFolder();
    await writeFile(path.join(folder, 'it.tar'), 'x'.repeat(2000));
    await expect(open('docker-archive:it.tar', folder)).rejects.toMatchObject({ code: 'BaseImageInvalid' });
    await expect(open('docker-archive:none.tar', folder)).rejects.toThrow('there is no file');
  });
});
