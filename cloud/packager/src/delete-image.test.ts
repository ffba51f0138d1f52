import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeImageLayout } from '../../../test/support/make-image-layout.ts';
import { deleteImage } from './delete-image.ts';
import { imageBlobs, nameImage } from './layout/image-blobs.ts';
import { ImageLayout } from './layout/image-layout.ts';
import { findImage, listImages } from './list-images.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-delete-'));
  const shared = { weights: 'the same in both' };
  await makeImageLayout(folder, [
    { name: 'one:1', platforms: [{ architecture: 'amd64', layers: [{ app: 'one' }, shared] }] },
    { name: 'two:1', platforms: [{ architecture: 'amd64', layers: [{ app: 'two' }, shared] }] },
  ]);
  await ImageLayout.open(folder);
});

afterEach(() => rm(folder, { recursive: true }));

describe('deleteImage', () => {
  it('takes what no other image has, and leaves the rest whole', async () => {
    const before = (await readdir(path.join(folder, 'blobs/sha256'))).length;
    const deleted = await deleteImage(folder, 'one:1');
    expect(deleted.reference).toBe('one:1');
    expect(deleted.freedBytes).toBeGreaterThan(0);
    expect((await listImages(folder)).map((image) => image.reference)).toEqual(['two:1']);
    const { layout, descriptor } = await findImage(folder, 'two:1');
    const left = await readdir(path.join(folder, 'blobs/sha256'));
    expect(left.length).toBe(before - 4);
    expect([...(await imageBlobs(layout, descriptor)).keys()].map((digest) => digest.slice(7)).sort()).toEqual(
      left.sort(),
    );
    await deleteImage(folder, 'two:1');
    expect(await readdir(path.join(folder, 'blobs/sha256'))).toEqual([]);
  });

  it('deletes nothing while another image cannot be read', async () => {
    const { descriptor } = await findImage(folder, 'two:1');
    await writeFile(path.join(folder, 'blobs', descriptor.digest.replace(':', '/')), 'spoilt');
    const list = await readFile(path.join(folder, 'index.json'), 'utf8');
    await expect(deleteImage(folder, 'one:1')).rejects.toMatchObject({ code: 'ImageInvalid' });
    expect(await readFile(path.join(folder, 'index.json'), 'utf8')).toBe(list);
  });

  it('names the images that there are when the one asked for is not', async () => {
    await expect(deleteImage(folder, 'three:1')).rejects.toThrow('there are one:1, two:1');
  });

  it('keeps an image from being named whose layers went meanwhile', async () => {
    const { layout, descriptor } = await findImage(folder, 'one:1');
    const layer = [...(await imageBlobs(layout, descriptor)).values()].find((one) => one.mediaType.endsWith('gzip'));
    await rm(layout.blobFile(layer?.digest ?? ''));
    await expect(nameImage(layout, 'three:1', descriptor)).rejects.toThrow('was deleted by another process');
  });
});
