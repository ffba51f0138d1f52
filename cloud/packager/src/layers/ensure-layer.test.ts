import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ImageLayout } from '../layout/image-layout.ts';
import { ensureLayer } from './ensure-layer.ts';
import { LayerCache } from './layer-cache.ts';
import type { LayerSource } from './layer-source.ts';
import { arrangeEntries } from './tar-entry.ts';

interface Setup {
  readonly folder: string;
  readonly cache: LayerCache;
  readonly openLayout: (name: string) => Promise<ImageLayout>;
}

async function createSetup(): Promise<Setup> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-layers-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const cache = new LayerCache(path.join(folder, 'cache'));
  return { folder, cache, openLayout: (name) => ImageLayout.open(path.join(folder, name)) };
}

function source(
  content: string,
  compression: LayerSource['compression'] = 'gzip',
): LayerSource & { readonly reads: () => number } {
  let reads = 0;
  return {
    role: 'app',
    title: 'test',
    key: [content],
    compression,
    entries: async () => {
      reads += 1;
      const entry = { type: 'bytes' as const, path: 'app/file', content: Buffer.from(content.repeat(1000)) };
      return await Promise.resolve(arrangeEntries('app', [entry]));
    },
    reads: () => reads,
  };
}

describe('ensureLayer', () => {
  it('writes a layer whose digests are those of its bytes', async () => {
    const { cache, openLayout } = await createSetup();
    const layout = await openLayout('images');
    const layer = await ensureLayer(source('a'), { layout, cache });
    const bytes = await readFile(layout.blobFile(layer.digest));
    const digest = (of: Uint8Array): string => `sha256:${createHash('sha256').update(of).digest('hex')}`;
    expect(layer).toMatchObject({ origin: 'written', digest: digest(bytes), sizeBytes: bytes.length });
    expect(layer.diffId).toBe(digest(gunzipSync(bytes)));
    expect(await readdir(layout.stagingFolder)).toEqual([]);
  });

  it('compresses to the same bytes with every Node.js and on every machine', async () => {
    const { cache, openLayout } = await createSetup();
    const layer = await ensureLayer(source('digest'), { layout: await openLayout('images'), cache });
    // written down, so that another zlib is noticed: it would change the digest of every image
    expect(layer.digest).toMatchInlineSnapshot(
      `"sha256:3834946b265a05ba8bfd0e73988bf1fa436c100d706efd19d09c215e3bd59f51"`,
    );
    expect((await readFile((await openLayout('images')).blobFile(layer.digest))).subarray(0, 10).toString('hex')).toBe(
      '1f8b0800000000000003',
    );
  });

  it('compresses with Zstandard as well, to the same bytes', async () => {
    const { cache, openLayout } = await createSetup();
    const layout = await openLayout('images');
    const layer = await ensureLayer(source('digest', 'zstd'), { layout, cache });
    expect(layer.mediaType).toBe('application/vnd.oci.image.layer.v1.tar+zstd');
    const plain = zstdDecompressSync(await readFile(layout.blobFile(layer.digest)));
    expect(layer.diffId).toBe(`sha256:${createHash('sha256').update(plain).digest('hex')}`);
    expect(layer.digest).toMatchInlineSnapshot(
      `"sha256:c0ba23521ad826de9c59d3d49681bd797c2b2151a2f8742f21fe86445ed3c661"`,
    );
  });

  it('does not write what is there, and takes from the cache what is not', async () => {
    const { cache, openLayout } = await createSetup();
    const layer = source('a');
    const images = await openLayout('images');
    const first = await ensureLayer(layer, { layout: images, cache });
    expect(await ensureLayer(layer, { layout: images, cache })).toEqual({ ...first, origin: 'present' });
    expect(await ensureLayer(layer, { layout: await openLayout('others'), cache })).toEqual({
      ...first,
      origin: 'cached',
    });
    expect(layer.reads()).toBe(1);
  });

  it('keeps no copy of what is not compressed', async () => {
    const { folder, cache, openLayout } = await createSetup();
    const layer = source('weights', 'none');
    const first = await ensureLayer(layer, { layout: await openLayout('images'), cache });
    expect(first.diffId).toBe(first.digest);
    expect((await readdir(path.join(folder, 'cache'))).map((name) => path.extname(name))).toEqual(['.json']);
    expect((await ensureLayer(layer, { layout: await openLayout('others'), cache })).origin).toBe('written');
    expect(layer.reads()).toBe(2);
  });

  it('makes a spoilt layer of the cache again', async () => {
    const { folder, cache, openLayout } = await createSetup();
    const layer = source('a');
    const first = await ensureLayer(layer, { layout: await openLayout('images'), cache });
    const file = path.join(folder, 'cache', `${LayerCache.keyOf(layer)}.blob`);
    await rm(file);
    await writeFile(file, Buffer.alloc(first.sizeBytes));
    expect(await ensureLayer(layer, { layout: await openLayout('others'), cache })).toEqual({
      ...first,
      origin: 'written',
    });
    expect((await ensureLayer(layer, { layout: await openLayout('third'), cache })).origin).toBe('cached');
    await writeFile(path.join(folder, 'cache', `${LayerCache.keyOf(layer)}.json`), '{"digest":');
    expect((await ensureLayer(layer, { layout: await openLayout('fourth'), cache })).origin).toBe('written');
  });

  it('leaves nothing behind when it is stopped', async () => {
    const { cache, openLayout } = await createSetup();
    const layout = await openLayout('images');
    const stopped = ensureLayer(source('a'), { layout, cache, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow('abort');
    expect(await readdir(layout.stagingFolder)).toEqual([]);
    expect(await readdir(path.join(layout.directory, 'blobs/sha256'))).toEqual([]);
  });
});
