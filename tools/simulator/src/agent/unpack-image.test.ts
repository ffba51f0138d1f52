import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import type { Header } from 'tar-stream';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { findImage } from './find-image.ts';
import { unpackImage, unpackLimits } from './unpack-image.ts';
import type { UnpackLimits } from './unpack-image.ts';

type TestEntry = Partial<Header> & { readonly name: string; readonly text?: string };

const PLATFORM = { os: 'linux', architecture: 'amd64' } as const;
const GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
const signal = new AbortController().signal;

let directory: string;
let root: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'edgewright-unpack-'));
  root = path.join(directory, 'rootfs');
  await mkdir(root);
  await mkdir(path.join(directory, 'blobs', 'sha256'), { recursive: true });
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
});

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function writeBlob(mediaType: string, content: Buffer | object) {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
  const digest = digestOf(bytes);
  await writeFile(path.join(directory, 'blobs', 'sha256', digest.slice(7)), bytes);
  return { mediaType, digest, size: bytes.length };
}

async function tarOf(entries: readonly TestEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { text, ...header } of entries) tar.entry(header, text ?? '');
  tar.finalize();
  return await buffer(tar);
}

interface Layer {
  readonly entries: readonly TestEntry[];
  readonly mediaType?: string;
  readonly compress?: (tar: Buffer) => Buffer;
}

/** Writes an image layout with one image `test:1` and returns it as the agent finds it. */
async function imageOf(layers: readonly Layer[]) {
  const diffIds: string[] = [];
  const descriptors = [];
  for (const { entries, mediaType = GZIP, compress = gzipSync } of layers) {
    const tar = await tarOf(entries);
    diffIds.push(digestOf(tar));
    descriptors.push(await writeBlob(mediaType, compress(tar)));
  }
  const config = await writeBlob('application/vnd.oci.image.config.v1+json', {
    config: {},
    rootfs: { type: 'layers', diff_ids: diffIds },
  });
  const manifest = await writeBlob('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    config,
    layers: descriptors,
  });
  const annotations = { 'org.opencontainers.image.ref.name': 'test:1' };
  await writeFile(
    path.join(directory, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  return await findImage('test:1', { layouts: [directory], references: {} }, PLATFORM);
}

async function unpack(layers: readonly Layer[], limits: Partial<UnpackLimits> = {}): Promise<void> {
  await unpackImage(await imageOf(layers), root, { signal, limits: { ...unpackLimits, ...limits } });
}

const read = async (name: string): Promise<string> => await readFile(path.join(root, name), 'utf8');

describe('unpacking an image', () => {
  it('puts layers over each other, packed with gzip, zstd or not at all', async () => {
    await unpack([
      {
        entries: [
          { name: 'etc/', type: 'directory' },
          { name: 'etc/a', text: 'one' },
          { name: 'b', text: 'b' },
        ],
      },
      {
        entries: [{ name: './etc/a', text: 'two' }],
        mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
        compress: zstdCompressSync,
      },
      {
        entries: [{ name: 'bin/run', text: '#!/bin/sh', mode: 0o4755 }],
        mediaType: 'application/vnd.oci.image.layer.v1.tar',
        compress: (tar) => tar,
      },
    ]);
    expect(await read('etc/a')).toBe('two');
    expect(await read('b')).toBe('b');
    expect((await stat(path.join(root, 'bin/run'))).mode & 0o7777).toBe(0o755);
  });

  it('follows whiteouts, which reach lower layers only', async () => {
    await unpack([
      {
        entries: [
          { name: 'd/old', text: '' },
          { name: 'd/sub/old', text: '' },
          { name: 'e', text: '' },
        ],
      },
      {
        entries: [
          { name: 'd/new', text: '' },
          { name: 'd/.wh..wh..opq', text: '' },
          { name: '.wh.e', text: '' },
        ],
      },
    ]);
    expect(existsSync(path.join(root, 'd/new'))).toBe(true);
    expect(existsSync(path.join(root, 'd/old'))).toBe(false);
    expect(existsSync(path.join(root, 'd/sub'))).toBe(false);
    expect(existsSync(path.join(root, 'e'))).toBe(false);
  });

  it('makes absolute links lead to the same place inside the image', async () => {
    await unpack([
      {
        entries: [
          { name: 'usr/bin/awk', type: 'symlink', linkname: '/etc/alternatives/awk' },
          { name: 'etc/alternatives/awk', text: 'awk' },
          { name: 'bin', type: 'symlink', linkname: 'usr/bin' },
          { name: 'hard', type: 'link', linkname: '/etc/alternatives/awk' },
        ],
      },
      { entries: [{ name: 'bin/tool', text: 'tool' }] },
    ]);
    expect(await readlink(path.join(root, 'usr/bin/awk'))).toBe('../../etc/alternatives/awk');
    expect(await read('bin/awk')).toBe('awk');
    expect(await read('hard')).toBe('awk');
    expect(await read('usr/bin/tool')).toBe('tool');
  });

  it('never writes through a link to the outside', async () => {
    await unpack([
      { entries: [{ name: 'out', type: 'symlink', linkname: '/' }] },
      {
        entries: [{ name: 'out/outside', text: 'x' }],
      },
    ]);
    expect(await read('outside')).toBe('x');
    expect(existsSync('/outside')).toBe(false);
  });

  it('leaves device files out', async () => {
    await unpack([
      {
        entries: [
          { name: 'dev/null', type: 'character-device' },
          { name: 'a', text: 'a' },
        ],
      },
    ]);
    expect(existsSync(path.join(root, 'dev/null'))).toBe(false);
    expect(await read('a')).toBe('a');
  });

  it.each([
    ['a path with ..', [{ name: '../evil', text: 'x' }], '../evil'],
    ['a path with .. inside', [{ name: 'a/../../evil', text: 'x' }], 'a/../../evil'],
    ['a link with ..', [{ name: 'a/l', type: 'symlink', linkname: '../../etc' }], '../../etc'],
    ['a hard link with ..', [{ name: 'h', type: 'link', linkname: '../../etc/passwd' }], '../../etc/passwd'],
    ['a hard link to nothing', [{ name: 'h', type: 'link', linkname: 'nothing' }], 'nothing'],
    [
      'a path through a file',
      [
        { name: 'f', text: 'x' },
        { name: 'f/g', text: 'x' },
      ],
      'f',
    ],
    [
      'links in a circle',
      [
        { name: 'a', type: 'symlink', linkname: 'b' },
        { name: 'b', type: 'symlink', linkname: 'a' },
        { name: 'a/x', text: 'x' },
      ],
      'too many links',
    ],
  ] as [string, TestEntry[], string][])('refuses %s', async (_case, entries, named) => {
    await expect(unpack([{ entries }])).rejects.toMatchObject({
      code: 'ModuleImageUnusable',
      message: expect.stringContaining(named),
    });
    expect(existsSync(path.join(directory, 'evil'))).toBe(false);
  });

  it('refuses bombs: too many bytes, too dense, or too many entries', async () => {
    const zeros = [{ entries: [{ name: 'z', text: '\0'.repeat(2_000_000) }] }];
    await expect(unpack(zeros, { maxBytes: 1_000_000 })).rejects.toMatchObject({ code: 'ModuleImageUnusable' });
    await expect(unpack(zeros, { freeBytes: 1000 })).rejects.toMatchObject({ code: 'ModuleImageUnusable' });
    const many = [{ entries: Array.from({ length: 20 }, (_, at) => ({ name: `f${at}`, text: '' })) }];
    await expect(unpack(many, { maxEntries: 10 })).rejects.toMatchObject({ code: 'ModuleImageUnusable' });
  });

  it('refuses layers, manifests and configs that were changed', async () => {
    const image = await imageOf([{ entries: [{ name: 'a', text: 'a' }] }]);
    await expect(
      unpackImage({ ...image, diffIds: [digestOf(Buffer.from('x'))] }, root, { signal }),
    ).rejects.toMatchObject({ code: 'ModuleImageUnusable', message: expect.stringContaining('was changed') });
    const layer = image.layers[0]?.digest.slice(7) ?? '';
    await writeFile(path.join(directory, 'blobs/sha256', layer), gzipSync(await tarOf([{ name: 'b', text: 'b' }])));
    await expect(unpackImage(image, root, { signal })).rejects.toMatchObject({ code: 'ModuleImageUnusable' });
    await writeFile(path.join(directory, 'blobs/sha256', image.digest.slice(7)), '{}');
    await expect(findImage('test:1', { layouts: [directory], references: {} }, PLATFORM)).rejects.toMatchObject({
      code: 'ModuleImageUnusable',
      message: expect.stringContaining('was changed'),
    });
  });

  it('keeps every entry inside, whatever names and links an image has', async () => {
    const name = fc
      .array(fc.constantFrom('a', 'b', '..', '.', 'l', '', '.wh.a', '.wh..wh..opq'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/'))
      .filter((text) => text !== '');
    const entry = fc.oneof(
      fc.record({ name, text: fc.constant('x') }),
      fc.record({ name, type: fc.constant('directory' as const) }),
      fc.record({
        name,
        type: fc.constantFrom('symlink' as const, 'link' as const),
        linkname: fc.oneof(
          name,
          name.map((n) => `/${n}`),
        ),
      }),
    );
    let unpacked = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 6 }), fc.array(entry, { maxLength: 6 }), async (first, second) => {
        await rm(root, { recursive: true, force: true });
        await mkdir(root);
        const before = digestOf(Buffer.from(await listing(directory)));
        const image = await imageOf([{ entries: first }, { entries: second }]);
        const failure = await unpackImage(image, root, { signal }).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failure === undefined) unpacked += 1;
        expect([undefined, 'ModuleImageUnusable']).toContain((failure as { code?: string } | undefined)?.code);
        expect(digestOf(Buffer.from(await listing(directory)))).toBe(before);
      }),
      { numRuns: 60 },
    );
    expect(unpacked).toBeGreaterThan(5);
  });
});

/** What stands beside the image's folder. */
async function listing(folder: string): Promise<string> {
  const names = ['evil', 'a', 'b', 'l', 'x'];
  const found = await Promise.all(
    names.map(async (name) => await lstat(path.join(folder, name)).catch(() => undefined)),
  );
  return names.filter((_, at) => found[at] !== undefined).join(' ');
}

describe('finding an image', () => {
  const sources = () => ({ layouts: [directory], references: {} });

  it('takes the manifest for this platform out of an index', async () => {
    const manifests = [];
    for (const architecture of ['arm64', 'amd64']) {
      const config = await writeBlob('c', { config: { Labels: { architecture } }, rootfs: { diff_ids: [] } });
      const manifest = await writeBlob('application/vnd.oci.image.manifest.v1+json', { config, layers: [] });
      manifests.push({ ...manifest, platform: { os: 'linux', architecture } });
    }
    const index = await writeBlob('application/vnd.oci.image.index.v1+json', { manifests });
    await writeFile(
      path.join(directory, 'index.json'),
      JSON.stringify({ manifests: [{ ...index, annotations: { 'org.opencontainers.image.ref.name': 'app:2' } }] }),
    );
    const image = await findImage('app:2', sources(), PLATFORM);
    expect(image.config.Labels).toEqual({ architecture: 'amd64' });
    await expect(
      findImage('app:2', sources(), { os: 'linux', architecture: 'arm', variant: 'v7' }),
    ).rejects.toMatchObject({
      code: 'ModuleImageUnusable',
      message: expect.stringContaining('linux/arm/v7'),
    });
  });

  it('understands oci:PATH:TAG, names in a map, and says where it looked', async () => {
    const { digest } = await imageOf([{ entries: [] }]);
    expect((await findImage(`test@${digest}`, sources(), PLATFORM)).digest).toBe(digest);
    expect((await findImage('test:1', { layouts: [], references: { 'test:1': directory } }, PLATFORM)).digest).toBe(
      digest,
    );
    await expect(findImage('other:1', sources(), PLATFORM)).rejects.toMatchObject({
      message: expect.stringContaining(directory),
    });
    await expect(findImage('other:1', { layouts: [], references: {} }, PLATFORM)).rejects.toMatchObject({
      message: expect.stringContaining('no image layout is known'),
    });
    const bare = JSON.parse(
      (await readFile(path.join(directory, 'index.json'), 'utf8')).replace('test:1', '1'),
    ) as object;
    await writeFile(path.join(directory, 'index.json'), JSON.stringify(bare));
    expect((await findImage(`oci:${directory}:1`, { layouts: [], references: {} }, PLATFORM)).digest).toBe(digest);
    await expect(findImage(`oci:${directory}:none`, sources(), PLATFORM)).rejects.toMatchObject({
      code: 'ModuleImageUnusable',
    });
  });
});
