import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ociMediaTypes, OciIndexSchema } from '@edgewright/contract';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PackagerError } from '../packager-error.ts';
import { ImageLayout } from './image-layout.ts';

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-layout-'));
  onTestFinished(() => rm(folder, { recursive: true }));
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

const document = Buffer.from('{"schemaVersion":2,"manifests":[]}');

describe('ImageLayout', () => {
  it('makes a layout that others read, and finds it again', async () => {
    const folder = path.join(await createFolder(), 'images');
    expect(await ImageLayout.find(folder)).toBeUndefined();
    await ImageLayout.open(folder);
    expect(JSON.parse(await readFile(path.join(folder, 'oci-layout'), 'utf8'))).toEqual({
      imageLayoutVersion: '1.0.0',
    });
    expect((await ImageLayout.find(folder))?.directory).toBe(folder);
  });

  it('refuses a folder that holds something else', async () => {
    const folder = await createFolder();
    await writeFile(path.join(folder, 'letter.txt'), 'Dear …');
    const error = await failure(ImageLayout.open(folder));
    expect(error.code).toBe('ImageInvalid');
    expect(error.message).toContain('there is no file "oci-layout" in it');
  });

  it('says when it cannot write', async () => {
    const folder = await createFolder();
    await writeFile(path.join(folder, 'file'), '');
    expect((await failure(ImageLayout.open(path.join(folder, 'file', 'images')))).code).toMatch(
      /LayoutUnusable|ImageInvalid/,
    );
  });

  it('leaves a blob alone that is there already', async () => {
    const layout = await ImageLayout.open(path.join(await createFolder(), 'images'));
    const blob = await layout.put(document);
    const long = new Date(1_000_000_000_000);
    await utimes(layout.blobFile(blob.digest), long, long);
    await layout.put(document);
    const staged = path.join(layout.stagingFolder, 'again');
    await writeFile(staged, document);
    expect(await layout.adopt(staged, blob)).toBe(false);
    expect((await stat(layout.blobFile(blob.digest))).mtimeMs).toBe(long.getTime());
    expect(await readdir(layout.stagingFolder)).toEqual([]);
  });

  it('finds a document whose bytes were changed', async () => {
    const layout = await ImageLayout.open(path.join(await createFolder(), 'images'));
    const blob = await layout.put(document);
    await writeFile(layout.blobFile(blob.digest), '{"schemaVersion":2,"manifests":{}}');
    expect((await failure(layout.read(blob, OciIndexSchema))).message).toContain('its digest is sha256:');
    await rm(layout.blobFile(blob.digest));
    expect((await failure(layout.read(blob, OciIndexSchema))).message).toContain('it is not there');
  });

  it.each([
    ['no JSON', 'not json'],
    ['another document', '{"schemaVersion":1}'],
    [
      'a digest that leads elsewhere',
      '{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"sha256:../../etc/passwd","size":1}]}',
    ],
    ['another algorithm', '{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"md5:0123","size":1}]}'],
  ])('refuses an index that is %s', async (_, content) => {
    const layout = await ImageLayout.open(path.join(await createFolder(), 'images'));
    await writeFile(path.join(layout.directory, 'index.json'), content);
    expect((await failure(layout.readIndex())).code).toBe('ImageInvalid');
  });

  it('does not read a document of any size', async () => {
    const layout = await ImageLayout.open(path.join(await createFolder(), 'images'));
    const huge = { digest: `sha256:${'0'.repeat(64)}`, size: 2 ** 30 };
    expect((await failure(layout.read(huge, OciIndexSchema))).message).toContain('at most 4194304 bytes');
  });

  it('does not read what is larger than it says, or no file at all', async () => {
    const layout = await ImageLayout.open(path.join(await createFolder(), 'images'));
    const blob = await layout.put(document);
    await truncate(layout.blobFile(blob.digest), 2 ** 40);
    expect((await failure(layout.read(blob, OciIndexSchema))).message).toContain('not 1099511627776');
    await rm(layout.blobFile(blob.digest));
    await symlink('/dev/zero', layout.blobFile(blob.digest));
    expect((await failure(layout.read(blob, OciIndexSchema))).message).toContain('it is no file');
    await truncate(path.join(layout.directory, 'index.json'), 2 ** 40);
    expect((await failure(layout.readIndex())).message).toContain('at most 4194304 bytes');
  });

  it('takes no file in whose digest is another one', async () => {
    const folder = await createFolder();
    const layout = await ImageLayout.open(path.join(folder, 'images'));
    const file = path.join(folder, 'blob');
    await writeFile(file, 'x');
    const error = await failure(layout.include(file, { digest: `sha256:${'0'.repeat(64)}`, size: 1 }));
    expect(error.message).toContain('instead of sha256:0000');
    expect(await readdir(layout.stagingFolder)).toEqual([]);
    expect(await readdir(path.join(layout.directory, 'blobs/sha256'))).toEqual([]);
  });

  it('keeps every name when many are given at once, and the last of those that are the same', async () => {
    const layout = await ImageLayout.open(path.join(await createFolder(), 'images'));
    const blob = { mediaType: ociMediaTypes.index, ...(await layout.put(document)) };
    const names = Array.from({ length: 20 }, (_, index) => `image:${index % 10}`);
    await Promise.all(names.map((name) => layout.tag(name, blob)));
    const found = (await layout.readIndex()).manifests.map((entry) => Object.values(entry.annotations ?? {})[0]);
    expect(found).toHaveLength(10);
    expect(new Set(found)).toEqual(new Set(names));
  });

  it('takes over the lock of a process that was killed', async () => {
    const layout = await ImageLayout.open(path.join(await createFolder(), 'images'));
    const lock = path.join(layout.directory, 'index.json.lock');
    await writeFile(lock, '');
    const long = new Date(Date.now() - 60_000);
    await utimes(lock, long, long);
    await layout.tag('image:1', { mediaType: ociMediaTypes.index, ...(await layout.put(document)) });
    expect((await layout.readIndex()).manifests).toHaveLength(1);
    await mkdir(path.join(layout.directory, 'unrelated'));
    expect(await readdir(layout.directory)).not.toContain('index.json.lock');
  });
});
