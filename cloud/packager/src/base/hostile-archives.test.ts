import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Header } from 'tar-stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ImageLayout } from '../layout/image-layout.ts';
import { tarHeader } from '../layers/tar-header.ts';
import { readArchiveBase } from './archive-base.ts';
import type { ArchiveLimits } from './archive-base.ts';
import type { BaseImage } from './base-image.ts';

type Member = readonly [header: Partial<Header> & { readonly name: string }, content?: Buffer | string];

const MEGABYTE = 1_000_000;
const small: ArchiveLimits = { unpackedBytes: 5 * MEGABYTE, heldBytes: MEGABYTE };
const layer = Buffer.from('a layer, as far as digests go');
const digestOf = (bytes: Buffer | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const configMember = (...diffIds: string[]): Member => [
  { name: 'config.json' },
  JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } }),
];
const manifestMember = (...layers: string[]): Member => [
  { name: 'manifest.json' },
  JSON.stringify([{ Config: 'config.json', RepoTags: null, Layers: layers }]),
];

async function archiveOf(members: readonly Member[]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of members) archive.entry(header, content ?? '');
  archive.finalize();
  return Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>));
}

interface Opened {
  readonly folder: string;
  readonly opening: Promise<BaseImage>;
}

async function open(archive: Buffer, limits: ArchiveLimits = small): Promise<Opened> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-hostile-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, 'it.tar'), archive);
  return { folder, opening: readArchiveBase('docker-archive:it.tar', folder, limits) };
}

describe('an archive of an image', () => {
  it.each([
    '../out-of-the-archive',
    '../../../../../../tmp/out-of-the-archive',
    '/out-of-the-archive',
    'a/../../out-of-the-archive',
  ])('that names the path %s writes nothing there, and its layer is taken by its digest', async (name) => {
    const { folder, opening } = await open(
      await archiveOf([configMember(digestOf(layer)), [{ name }, layer], manifestMember(name)]),
    );
    const base = await opening;
    const target = await ImageLayout.open(path.join(folder, 'target'));
    for (const one of base.platforms.get('amd64')?.layers ?? []) await base.include(one, target);
    expect(await target.blobs()).toEqual([digestOf(layer)]);
    expect((await readdir(folder)).toSorted()).toEqual(['it.tar', 'target']);
    expect((await readdir(path.dirname(folder))).filter((one) => /out-of-the-archive/.test(one))).toEqual([]);
    expect((await readdir('/')).filter((one) => /out-of-the-archive/.test(one))).toEqual([]);
  });

  it.each<[string, Member]>([
    ['a symbolic link to a file of this machine', [{ name: 'layer.tar', type: 'symlink', linkname: '/etc/passwd' }]],
    ['a symbolic link out of the archive', [{ name: 'layer.tar', type: 'symlink', linkname: '../../../etc/passwd' }]],
    ['a hard link to a file of this machine', [{ name: 'layer.tar', type: 'link', linkname: '/etc/passwd' }]],
    ['a device', [{ name: 'layer.tar', type: 'character-device', devmajor: 1, devminor: 5 }]],
    ['a pipe', [{ name: 'layer.tar', type: 'fifo' }]],
    ['a folder', [{ name: 'layer.tar', type: 'directory' }]],
  ])('with %s in the place of a layer is refused', async (_, member) => {
    const { opening } = await open(
      await archiveOf([configMember(digestOf(layer)), member, manifestMember('layer.tar')]),
    );
    await expect(opening).rejects.toMatchObject({
      code: 'BaseImageInvalid',
      message: expect.stringContaining('its layer "layer.tar" is not in it') as string,
    });
  });

  it('with a layer that unpacks without end is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(6 * MEGABYTE));
    const { opening } = await open(
      await archiveOf([configMember(digestOf('x')), [{ name: 'layer.tar' }, bomb], manifestMember('layer.tar')]),
    );
    await expect(opening).rejects.toThrow('its layers unpack to more bytes');
  });

  it('with many layers that unpack to too much together is refused', async () => {
    const part = gzipSync(Buffer.alloc(2 * MEGABYTE));
    const layers = ['a', 'b', 'c'].map((name): Member => [{ name }, part]);
    const { opening } = await open(await archiveOf([configMember(), ...layers, manifestMember()]));
    await expect(opening).rejects.toThrow('its layers unpack to more bytes');
  });

  it('that unpacks without end itself is refused', async () => {
    const { opening } = await open(gzipSync(await archiveOf([[{ name: 'x' }, Buffer.alloc(6 * MEGABYTE)]])));
    await expect(opening).rejects.toThrow('it unpacks to more than 5000000 bytes');
  });

  it('does not fill the memory with members that might be documents', async () => {
    const filling = ['a', 'b', 'c'].map((name): Member => [{ name }, Buffer.alloc(600_000)]);
    const { opening } = await open(await archiveOf([...filling, manifestMember('a')]), {
      ...small,
      heldBytes: 600_100,
    });
    await expect(opening).rejects.toMatchObject({
      code: 'BaseImageInvalid',
      message: expect.stringContaining('config.json" is not in it') as string,
    });
  });

  it('with a header that says to be gigabytes is refused before it comes', async () => {
    const header = Buffer.from(tarHeader({ path: 'x', type: 'file', mode: 0o644, sizeBytes: 8_000_000_000 }));
    header.write('x', 156, 'latin1');
    const { opening } = await open(Buffer.concat([header, Buffer.alloc(2048)]));
    await expect(opening).rejects.toThrow('an extended header of 8000000000 bytes');
  });

  it('that says to have more than it has is refused', async () => {
    const header = Buffer.from(tarHeader({ path: 'layer.tar', type: 'file', mode: 0o644, sizeBytes: 4_000_000_000 }));
    const { opening } = await open(Buffer.concat([header, Buffer.alloc(2048)]));
    await expect(opening).rejects.toMatchObject({ code: 'BaseImageInvalid' });
  });
});
