import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ociMediaTypes } from '@edgewright/contract';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeImageLayout } from '../../../../test/support/make-image-layout.ts';
import type { MadeImage, MadePlatform } from '../../../../test/support/make-image-layout.ts';
import { ImageLayout } from '../layout/image-layout.ts';
import { PackagerError } from '../packager-error.ts';
import { readBaseImage } from './read-base-image.ts';

const amd64: MadePlatform = { architecture: 'amd64', layers: [{ etc: '1' }, { bin: '2' }], config: { User: 'root' } };
const arm64: MadePlatform = { architecture: 'arm64', variant: 'v8', layers: [{ etc: '3' }] };
const armv7: MadePlatform = { architecture: 'arm', variant: 'v7', layers: [{ etc: '4' }] };
const others: MadePlatform[] = [
  { os: 'windows', architecture: 'amd64', layers: [{}] },
  { architecture: 's390x', layers: [{}] },
  { architecture: 'arm', variant: 'v6', layers: [{}] },
  { os: 'unknown', architecture: 'unknown', layers: [{}] },
];

async function createLayout(images: readonly MadeImage[]): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-base-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await makeImageLayout(path.join(folder, 'base'), images);
  return folder;
}

async function failure(action: Promise<unknown>): Promise<PackagerError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PackagerError) return error;
  throw new TypeError(`expected a PackagerError, not ${String(error)}`, { cause: error });
}

describe('readBaseImage', () => {
  it('takes scratch for every platform', async () => {
    const base = await readBaseImage('scratch', { configDirectory: '.', platforms: ['amd64', 'arm64v8', 'arm32v7'] });
    expect(base.digest).toBeUndefined();
    expect([...base.platforms.values()]).toEqual([{ layers: [] }, { layers: [] }, { layers: [] }]);
  });

  it('finds its platforms in an index, and passes over the others', async () => {
    const folder = await createLayout([{ platforms: [...others, armv7, amd64, arm64] }]);
    const base = await readBaseImage('oci:base', {
      configDirectory: folder,
      platforms: ['amd64', 'arm64v8', 'arm32v7'],
    });
    expect([...base.platforms.keys()].toSorted()).toEqual(['amd64', 'arm32v7', 'arm64v8']);
    expect(base.platforms.get('amd64')?.layers).toHaveLength(2);
    expect(base.platforms.get('amd64')?.config?.config?.User).toBe('root');
    expect(base.digest).toMatch(/^sha256:/);
  });

  it('reads a single manifest, and turns the media types of Docker into those of OCI', async () => {
    const folder = await createLayout([{ platforms: [amd64], flat: true, docker: true }]);
    const base = await readBaseImage('oci:base', { configDirectory: folder, platforms: ['amd64'] });
    const types = base.platforms.get('amd64')?.layers.map((layer) => layer.descriptor.mediaType);
    expect(types).toEqual([ociMediaTypes.layerGzip, ociMediaTypes.layerGzip]);
  });

  it('chooses by tag, also where names are whole references', async () => {
    const folder = await createLayout([
      { name: 'debian:12', platforms: [amd64] },
      { name: '13', platforms: [arm64] },
    ]);
    expect([
      ...(await readBaseImage('oci:base:12', { configDirectory: folder, platforms: [] })).platforms.keys(),
    ]).toEqual(['amd64']);
    expect([
      ...(await readBaseImage('oci:base:13', { configDirectory: folder, platforms: [] })).platforms.keys(),
    ]).toEqual(['arm64v8']);
    const none = await failure(readBaseImage('oci:base:11', { configDirectory: folder, platforms: [] }));
    expect(none.message).toContain('no image fits: the layout holds debian:12, 13');
    expect((await failure(readBaseImage('oci:base', { configDirectory: folder, platforms: [] }))).message).toContain(
      'several images fit',
    );
  });

  it('brings its layers into another layout, once, and checks them', async () => {
    const folder = await createLayout([{ platforms: [amd64] }]);
    const base = await readBaseImage('oci:base', { configDirectory: folder, platforms: ['amd64'] });
    const target = await ImageLayout.open(path.join(folder, 'images'));
    const [first, second] = base.platforms.get('amd64')?.layers ?? [];
    if (first === undefined || second === undefined) throw new TypeError('the base has two layers');
    expect(await base.include(first, target)).toBe('copied');
    expect(await base.include(first, target)).toBe('present');
    const file = path.join(folder, 'base/blobs', second.descriptor.digest.replace(':', '/'));
    await writeFile(file, 'x'.repeat(second.descriptor.size));
    expect((await failure(base.include(second, target))).code).toBe('ImageInvalid');
    expect(await readdir(path.join(target.directory, 'blobs/sha256'))).toHaveLength(1);
  });

  it('says what is missing', async () => {
    const folder = await createLayout([{ platforms: [amd64, ...others] }]);
    const lacking = await failure(
      readBaseImage('oci:base', { configDirectory: folder, platforms: ['amd64', 'arm64v8', 'arm32v7'] }),
    );
    expect(lacking).toMatchObject({ code: 'BaseImageInvalid', details: { lacking: ['arm64v8', 'arm32v7'] } });
    expect(lacking.message).toContain('it lacks arm64v8 and arm32v7; it is for amd64');
    expect((await failure(readBaseImage('oci:nowhere', { configDirectory: folder, platforms: [] }))).message).toContain(
      'there is no image layout in',
    );
    const nothing = await failure(readBaseImage('Debian', { configDirectory: folder, platforms: [] }));
    expect(nothing).toMatchObject({ code: 'ImageInputInvalid' });
    await rm(path.join(folder, 'base/blobs'), { recursive: true });
    expect((await failure(readBaseImage('oci:base', { configDirectory: folder, platforms: [] }))).code).toBe(
      'BaseImageInvalid',
    );
  });
});
