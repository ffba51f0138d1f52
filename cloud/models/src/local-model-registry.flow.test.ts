import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ModelSchema, checkDocument } from '@edgewright/contract';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeOnnx } from '../../../test/support/encode-onnx.ts';
import type { ModelFilter, ModelRegistry } from './model-registry.ts';
import { ModelsError } from './models-error.ts';
import { openModelRegistry } from './open-model-registry.ts';

const onnx = (width = 3): Uint8Array =>
  encodeOnnx({
    nodes: [{ opType: 'Relu' }],
    inputs: [{ name: 'x', shape: ['N', width] }],
    outputs: [{ name: 'y', shape: ['N', width] }],
  });

interface Setup {
  readonly folder: string;
  readonly registry: ModelRegistry;
  /** Writes files below the folder and returns the path of the first. */
  readonly write: (files: Readonly<Record<string, Uint8Array | string>>) => Promise<string>;
}

async function createRegistry(): Promise<Setup> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-models-'));
  const registry = await openModelRegistry(path.join(folder, 'registry'), { now: () => new Date(0) });
  onTestFinished(async () => {
    await registry[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const write: Setup['write'] = async (files) => {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), content);
    }
    return path.join(folder, Object.keys(files)[0] ?? '');
  };
  return { folder, registry, write };
}

async function failure(action: Promise<unknown>): Promise<ModelsError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ModelsError) return error;
  throw new TypeError(`expected a ModelsError, not ${String(error)}`, { cause: error });
}

/** A description of a model on a remote accelerator. */
function remote(more: object = {}): string {
  return JSON.stringify({
    protocol: 'tensorflow-serving',
    address: 'fpga:50051',
    model: { name: 'resnet50' },
    inputs: [{ name: 'jpeg', datatype: 'BYTES', shape: [-1], encoding: 'base64' }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 10] }],
    ...more,
  });
}

describe('register', () => {
  it('stores an ONNX file as version 1, with what it takes and gives', async () => {
    const { registry, write } = await createRegistry();
    const bytes = onnx();
    const model = await registry.register({
      name: 'relu',
      path: await write({ 'some-model.onnx': bytes }),
      description: 'no negative numbers',
      tags: { stage: 'test' },
      properties: { source: 'here' },
    });
    expect(model).toEqual({
      id: 'relu:1',
      name: 'relu',
      version: 1,
      createdTime: '1970-01-01T00:00:00.000Z',
      description: 'no negative numbers',
      tags: { stage: 'test' },
      properties: { source: 'here' },
      framework: 'Onnx',
      format: 'onnx',
      signature: {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
      },
      opsets: { 'ai.onnx': 13 },
      operators: ['Relu'],
      mainFile: 'some-model.onnx',
      sizeBytes: bytes.length,
      files: [
        {
          path: 'some-model.onnx',
          sizeBytes: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
        },
      ],
    });
    expect(checkDocument(ModelSchema, model, 'the model')).toBe(model);
    expect(await registry.get({ name: 'relu' })).toEqual(model);
  });

  it('keeps the tree of a folder, and takes model.onnx in it for the model', async () => {
    const { folder, registry, write } = await createRegistry();
    await write({ 'm/encoder.onnx': onnx(1), 'm/model.onnx': onnx(2), 'm/data/labels.txt': 'a\nb\n' });
    const model = await registry.register({ name: 'tree', path: path.join(folder, 'm') });
    expect(model.files.map((file) => file.path)).toEqual(['data/labels.txt', 'encoder.onnx', 'model.onnx']);
    expect(model).toMatchObject({ mainFile: 'model.onnx', signature: { inputs: [{ shape: [-1, 2] }] } });
    const stored = await registry.directoryOf(model);
    expect(await readFile(path.join(stored, 'data/labels.txt'), 'utf8')).toBe('a\nb\n');
  });

  it('follows links to files, and stores the same bytes once', async () => {
    const { folder, registry, write } = await createRegistry();
    await write({ 'blobs/abc': 'weights', 'm/copy.bin': 'weights' });
    await symlink(path.join(folder, 'blobs/abc'), path.join(folder, 'm/link.bin'));
    const model = await registry.register({ name: 'linked', path: path.join(folder, 'm') });
    await registry.register({ name: 'again', path: path.join(folder, 'm') });
    expect(model.files.map((file) => file.path)).toEqual(['copy.bin', 'link.bin']);
    expect(await readdir(path.join(folder, 'registry/blobs/sha256'))).toHaveLength(1);
    expect(await readdir(path.join(folder, 'registry/staging'))).toEqual([]);
  });

  it.each([
    [
      'a model of TensorFlow.js',
      { 'm/model.json': '{"modelTopology":{},"weightsManifest":[{"paths":["w.bin"]}]}', 'm/w.bin': 'w' },
      'tfjs',
      'model.json',
    ],
    ['a SavedModel', { 'm/saved_model.pb': 'x', 'm/variables/variables.index': 'y' }, 'tfjs', 'saved_model.pb'],
    ['a model that runs elsewhere', { 'm/net.remote.json': remote(), 'm/notes.txt': '' }, 'remote', 'net.remote.json'],
    ['another model.json', { 'm/model.json': '{"name":"no topology"}' }, 'other', 'model.json'],
    ['a model.json that is no JSON', { 'm/model.json': 'hello', 'm/other': '' }, 'other', undefined],
  ])('knows %s', async (_, files, format, mainFile) => {
    const { folder, registry, write } = await createRegistry();
    await write(files);
    const model = await registry.register({ name: 'm', path: path.join(folder, 'm') });
    expect([model.format, model.mainFile]).toEqual([format, mainFile]);
  });

  it('takes the signature of a model that runs elsewhere from its description', async () => {
    const { registry, write } = await createRegistry();
    const file = await write({ 'net.remote.json': remote({ tls: true, tokenFile: '/run/secrets/token' }) });
    const model = await registry.register({ name: 'net', path: file });
    expect(model.signature).toEqual({
      inputs: [{ name: 'jpeg', datatype: 'BYTES', shape: [-1] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 10] }],
    });
  });

  it.each([
    [{ protocol: 'http' }, 'net.remote.json is not valid: $.protocol'],
    [{ tls: true, caFile: 'ca.pem' }, 'another file, "ca.pem"'],
    [{ tls: true, tokenFile: 'token' }, 'its "tokenFile" is "token", which would be kept in the registry'],
    [{ tokenFile: '/run/secrets/token' }, 'the token would travel in clear to fpga:50051'],
  ])('refuses a description with %j', async (more, words) => {
    const { registry, write } = await createRegistry();
    const file = await write({ 'net.remote.json': remote(more) });
    const error = await failure(registry.register({ name: 'net', path: file }));
    expect(error.code).toBe('ModelFileInvalid');
    expect(error.message).toContain(words);
  });

  it('refuses a model of TensorFlow.js without its weights', async () => {
    const { registry, write } = await createRegistry();
    const file = await write({ 'model.json': '{"modelTopology":{},"weightsManifest":[{"paths":["w.bin"]}]}' });
    expect((await failure(registry.register({ name: 'm', path: file }))).message).toContain('another file, "w.bin"');
  });

  it('takes what is not ONNX as it is, and calls it Custom', async () => {
    const { registry, write } = await createRegistry();
    const model = await registry.register({ name: 'pickle', path: await write({ 'm.pkl': 'x' }) });
    expect(model).toMatchObject({ framework: 'Custom', format: 'other', mainFile: 'm.pkl' });
    expect(model.signature).toBeUndefined();
  });

  it.each([
    ['a file named .onnx that is none', { 'm.onnx': '<!DOCTYPE html>' }, {}, 'starts with "<!DOCTYPE html>"'],
    ['a file said to be ONNX that is none', { 'm.bin': 'hello' }, { framework: 'Onnx' }, 'starts with "hello"'],
    ['an empty file named .onnx', { 'm.onnx': '' }, {}, 'an empty file'],
    ['half a file', { 'm.onnx': onnx().subarray(0, 30) }, {}, 'breaks off'],
    [
      'weights that are elsewhere',
      { 'm.onnx': encodeOnnx({ initializers: [{ name: 'w', location: 'm.onnx.data' }] }) },
      {},
      'register the folder that holds both',
    ],
  ] as const)('refuses %s', async (_, files, extra, words) => {
    const { registry, write } = await createRegistry();
    const error = await failure(registry.register({ name: 'm', path: await write(files), ...extra }));
    expect(error.code).toBe('ModelFileInvalid');
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(words);
    expect((await registry.list()).models).toEqual([]);
  });

  it('refuses a folder with a missing weights file, without files, or with a link to nothing', async () => {
    const { folder, registry, write } = await createRegistry();
    await write({ 'm/sub/model.onnx': encodeOnnx({ initializers: [{ name: 'w', location: '../w.bin' }] }) });
    const lacking = await failure(registry.register({ name: 'm', path: path.join(folder, 'm') }));
    expect(lacking.message).toContain('"../w.bin", which is not in the folder');
    await write({ 'm/w.bin': 'weights' });
    expect((await registry.register({ name: 'm', path: path.join(folder, 'm') })).version).toBe(1);
    await mkdir(path.join(folder, 'empty/inside'), { recursive: true });
    expect((await failure(registry.register({ name: 'm', path: path.join(folder, 'empty') }))).message).toContain(
      'holds no file',
    );
    await symlink(path.join(folder, 'nowhere'), path.join(folder, 'm/link'));
    expect((await failure(registry.register({ name: 'm', path: path.join(folder, 'm') }))).message).toContain(
      'a link to something that is not there',
    );
  });

  it.each([
    [{ name: '-dash' }, 'a name has 1 to 255 letters'],
    [{ name: 'x'.repeat(256) }, 'a name has 1 to 255 letters'],
    [{ framework: 'Tensorflow' as 'TensorFlow' }, 'expected one of Custom, TensorFlow'],
    [{ frameworkVersion: '1.0' }, 'it needs a framework'],
    [{ tags: { a: 1 as unknown as string } }, 'a value is a text'],
    [{ properties: { 'a=b': 'c' } }, 'no "="'],
  ])('refuses %j', async (wrong, words) => {
    const { registry, write } = await createRegistry();
    const error = await failure(registry.register({ name: 'm', path: await write({ m: 'x' }), ...wrong }));
    expect(error.code).toBe('ModelInputInvalid');
    expect(error.message).toContain(words);
  });

  it('stops when it is told to, and leaves nothing behind', async () => {
    const { folder, registry, write } = await createRegistry();
    const stopped = AbortSignal.abort();
    const file = await write({ 'm.bin': 'x' });
    await expect(registry.register({ name: 'm', path: file, signal: stopped })).rejects.toThrow('aborted');
    expect(await readdir(path.join(folder, 'registry/staging'))).toEqual([]);
    expect((await registry.list()).models).toEqual([]);
  });
});

describe('get', () => {
  it('gives the version asked for, else the highest one', async () => {
    const { registry, write } = await createRegistry();
    for (let i = 0; i < 11; i += 1) await registry.register({ name: 'm', path: await write({ 'm.bin': `${i}` }) });
    expect((await registry.get({ name: 'm' })).version).toBe(11);
    expect((await registry.get({ name: 'm', version: 2 })).version).toBe(2);
  });

  it('says which versions there are', async () => {
    const { registry, write } = await createRegistry();
    const file = await write({ 'm.bin': 'x' });
    await registry.register({ name: 'm', path: file });
    await registry.register({ name: 'm', path: file });
    const error = await failure(registry.get({ name: 'm', version: 3 }));
    expect(error).toMatchObject({ code: 'ModelNotFound', details: { versions: [2, 1] } });
    expect(error.message).toContain('"m:3": its versions are 2, 1');
    expect((await failure(registry.get({ name: 'n' }))).message).toContain('no model of that name');
  });
});

describe('list', () => {
  async function createFilled(): Promise<ModelRegistry> {
    const { registry, write } = await createRegistry();
    const file = await write({ 'm.bin': 'x', 'm.onnx': onnx() });
    const register = (name: string, tags: Record<string, string>, asOnnx = false): Promise<unknown> =>
      registry.register({ name, path: asOnnx ? file.replace('.bin', '.onnx') : file, tags, properties: tags });
    await register('b', { stage: 'test' });
    await register('a', { stage: 'prod', owner: 'me' });
    await register('b', { stage: 'prod' }, true);
    await register('a', {});
    await register('B', { stage: 'prod=yes' });
    return registry;
  }

  it.each<[ModelFilter, string[]]>([
    [{}, ['B:1', 'a:2', 'a:1', 'b:2', 'b:1']],
    [{ name: 'a' }, ['a:2', 'a:1']],
    [{ latest: true }, ['B:1', 'a:2', 'b:2']],
    [{ tags: ['stage'] }, ['B:1', 'a:1', 'b:2', 'b:1']],
    [{ tags: ['stage=prod'] }, ['a:1', 'b:2']],
    [{ tags: ['stage=prod=yes'] }, ['B:1']],
    [{ tags: ['stage=prod', 'owner'] }, ['a:1']],
    [{ properties: ['stage=test'] }, ['b:1']],
    [{ tags: ['stage=prod'], latest: true }, ['b:2']],
    [{ framework: 'Onnx' }, ['b:2']],
    [{ name: 'nobody' }, []],
  ])('%j gives %j', async (filter, ids) => {
    const registry = await createFilled();
    const page = await registry.list(filter);
    expect(page.models.map((model) => model.id)).toEqual(ids);
    expect(page.nextToken).toBeUndefined();
  });

  it('gives every model once, whatever the size of the pages', async () => {
    const registry = await createFilled();
    const filters: ModelFilter[] = [{}, { latest: true }, { tags: ['stage'] }, { name: 'a' }];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.constantFrom(...filters), async (pageSize, filter) => {
        const whole = (await registry.list(filter)).models.map((model) => model.id);
        const pages: string[] = [];
        let nextToken: string | undefined;
        do {
          const page = await registry.list({ ...filter, pageSize, ...(nextToken === undefined ? {} : { nextToken }) });
          expect(page.models.length).toBeLessThanOrEqual(pageSize);
          pages.push(...page.models.map((model) => model.id));
          nextToken = page.nextToken;
        } while (nextToken !== undefined);
        expect(pages).toEqual(whole);
      }),
    );
  });

  it.each([
    [{ pageSize: 0 }, '1 to 1000'],
    [{ pageSize: 1001 }, '1 to 1000'],
    [{ nextToken: 'nonsense' }, 'the page token "nonsense" is none'],
  ])('refuses %j', async (filter, words) => {
    const { registry } = await createRegistry();
    const error = await failure(registry.list(filter));
    expect(error.code).toBe('ModelInputInvalid');
    expect(error.message).toContain(words);
  });
});

describe('directoryOf', () => {
  it('makes a damaged folder anew', async () => {
    const { folder, registry, write } = await createRegistry();
    await write({ 'm/a.bin': 'a', 'm/b.bin': 'b' });
    const model = await registry.register({ name: 'm', path: path.join(folder, 'm') });
    const stored = await registry.directoryOf(model);
    await unlink(path.join(stored, 'b.bin'));
    expect(await registry.directoryOf(model)).toBe(stored);
    expect(await readFile(path.join(stored, 'b.bin'), 'utf8')).toBe('b');
  });

  it('finds a spoilt blob, names it, and is healed by registering the file again', async () => {
    const { folder, registry, write } = await createRegistry();
    const file = await write({ 'm.bin': 'weights' });
    const model = await registry.register({ name: 'm', path: file });
    const blob = path.join(folder, 'registry/blobs/sha256', model.files[0]?.sha256 ?? '');
    await chmod(blob, 0o644);
    await writeFile(blob, 'veights');
    const error = await failure(registry.directoryOf(model));
    expect(error).toMatchObject({ code: 'ModelCorrupted', details: { model: 'm:1', file: 'm.bin' } });
    await unlink(blob);
    expect((await failure(registry.directoryOf(model))).message).toContain('is not there');
    await registry.register({ name: 'm', path: file });
    expect(await readFile(path.join(await registry.directoryOf(model), 'm.bin'), 'utf8')).toBe('weights');
  });
});

describe('openModelRegistry', () => {
  it('keeps what was registered, and counts on', async () => {
    const { folder, registry, write } = await createRegistry();
    const file = await write({ 'm.bin': 'x' });
    const first = await registry.register({ name: 'm', path: file });
    await using again = await openModelRegistry(path.join(folder, 'registry'));
    expect(await again.get({ name: 'm' })).toEqual(first);
    expect((await again.register({ name: 'm', path: file })).version).toBe(2);
    expect((await registry.get({ name: 'm' })).version).toBe(2);
  });

  it('says why a folder cannot be one', async () => {
    const { folder, write } = await createRegistry();
    const file = await write({ plain: 'x' });
    const error = await failure(openModelRegistry(path.join(file, 'registry')));
    expect(error.code).toBe('RegistryUnusable');
    await write({ 'other/registry.sqlite': 'this is no database, though it has its name'.repeat(100) });
    const foreign = await failure(openModelRegistry(path.join(folder, 'other')));
    expect(foreign.message).toContain('not a database');
  });

  it('removes what a killed process left, but not what another one is writing', async () => {
    const { folder, registry, write } = await createRegistry();
    await write({ 'registry/staging/old/0.bin': 'x', 'registry/staging/fresh/0.bin': 'x' });
    const long = new Date(Date.now() - 7_200_000);
    for (const place of ['old/0.bin', 'old', 'fresh'])
      await utimes(path.join(folder, 'registry/staging', place), long, long);
    await registry[Symbol.asyncDispose]();
    await using _again = await openModelRegistry(path.join(folder, 'registry'));
    expect(await readdir(path.join(folder, 'registry/staging'))).toEqual(['fresh']);
  });
});

describe('update', () => {
  it('replaces and removes tags, adds properties, and is seen by filters', async () => {
    const { registry, write } = await createRegistry();
    const path = await write({ 'm.bin': 'x' });
    await registry.register({ name: 'm', path, tags: { stage: 'test', old: 'yes' }, properties: { source: 'here' } });
    const changed = await registry.update(
      { name: 'm', version: 1 },
      {
        description: 'better',
        addTags: { stage: 'prod', new: '' },
        removeTags: ['old', 'never'],
        addProperties: { score: '0.9' },
        resourceConfiguration: { cpu: 0.5, memoryInGB: 1 },
      },
    );
    expect(changed).toMatchObject({
      description: 'better',
      modifiedTime: '1970-01-01T00:00:00.000Z',
      tags: { stage: 'prod', new: '' },
      properties: { source: 'here', score: '0.9' },
      resourceConfiguration: { cpu: 0.5, memoryInGB: 1 },
    });
    expect(changed.tags).not.toHaveProperty('old');
    expect(await registry.get({ name: 'm' })).toEqual(changed);
    expect((await registry.list({ tags: ['stage=prod'] })).models).toEqual([changed]);
    expect((await registry.list({ tags: ['old'] })).models).toEqual([]);
  });

  it.each([
    [{ addProperties: { source: 'there' } }, 'properties cannot be changed'],
    [{ addTags: { a: 1 as unknown as string } }, 'a value is a text'],
    [{ resourceConfiguration: { cpu: 0 } }, 'resourceConfiguration.cpu "0"'],
  ])('refuses %j and changes nothing', async (changes, words) => {
    const { registry, write } = await createRegistry();
    const path = await write({ 'm.bin': 'x' });
    const model = await registry.register({ name: 'm', path, properties: { source: 'here' } });
    const error = await failure(registry.update({ name: 'm', version: 1 }, { description: 'new', ...changes }));
    expect(error.code).toBe('ModelInputInvalid');
    expect(error.message).toContain(words);
    expect(await registry.get({ name: 'm' })).toEqual(model);
    expect((await failure(registry.update({ name: 'm', version: 2 }, {}))).code).toBe('ModelNotFound');
  });
});

describe('delete', () => {
  it('removes a version and the files that no other one has, and never gives its number again', async () => {
    const { folder, registry, write } = await createRegistry();
    const files = path.join(folder, 'registry/blobs/sha256');
    await registry.register({ name: 'm', path: await write({ 'a.bin': 'shared' }), tags: { a: 'b' } });
    const second = await registry.register({ name: 'm', path: await write({ 'b.bin': 'own' }), tags: { a: 'b' } });
    const other = await registry.register({ name: 'other', path: await write({ 'a.bin': 'shared' }) });
    await registry.directoryOf(second);
    await registry.delete({ name: 'm', version: 2 });
    expect((await failure(registry.get({ name: 'm', version: 2 }))).code).toBe('ModelNotFound');
    await registry.delete({ name: 'm', version: 1 });
    expect(await readdir(files)).toEqual([other.files[0]?.sha256]);
    expect(await readdir(path.join(folder, 'registry/trees'))).toEqual([]);
    expect((await registry.list({ tags: ['a'] })).models).toEqual([]);
    expect(await readdir(await registry.directoryOf(other))).toEqual(['a.bin']);
    expect((await registry.register({ name: 'm', path: await write({ 'a.bin': 'new' }) })).version).toBe(3);
  });

  it('is refused while something uses the model, which is named', async () => {
    const { registry, write } = await createRegistry();
    await registry.register({ name: 'm', path: await write({ 'm.bin': 'x' }) });
    const dependants = async (): Promise<string[]> => await Promise.resolve(['image m:1', 'service s']);
    const error = await failure(registry.delete({ name: 'm', version: 1 }, { dependants }));
    expect(error).toMatchObject({ code: 'ModelInUse', details: { dependants: ['image m:1', 'service s'] } });
    expect(error.message).toContain('it is used by image m:1, service s');
    expect((await registry.get({ name: 'm' })).version).toBe(1);
    expect((await failure(registry.delete({ name: 'm', version: 7 }))).code).toBe('ModelNotFound');
  });
});

describe('download', () => {
  it('copies the tree of a model, and replaces files only when it may', async () => {
    const { folder, registry, write } = await createRegistry();
    await write({ 'm/model.onnx': onnx(), 'm/data/labels.txt': 'a' });
    await registry.register({ name: 'm', path: path.join(folder, 'm') });
    const targetDirectory = path.join(folder, 'out/here');
    const files = await registry.download({ name: 'm' }, { targetDirectory });
    expect(files).toEqual([path.join(targetDirectory, 'data/labels.txt'), path.join(targetDirectory, 'model.onnx')]);
    await writeFile(path.join(targetDirectory, 'data/labels.txt'), 'mine');
    const error = await failure(registry.download({ name: 'm' }, { targetDirectory }));
    expect(error).toMatchObject({ code: 'TargetExists', details: { files } });
    expect(await readFile(path.join(targetDirectory, 'data/labels.txt'), 'utf8')).toBe('mine');
    await registry.download({ name: 'm' }, { targetDirectory, overwrite: true });
    expect(await readFile(path.join(targetDirectory, 'data/labels.txt'), 'utf8')).toBe('a');
    expect((await readdir(targetDirectory)).toSorted()).toEqual(['data', 'model.onnx']);
  });

  it('gives out nothing of a model that is spoilt', async () => {
    const { folder, registry, write } = await createRegistry();
    await write({ 'm/a': 'a', 'm/b': 'b' });
    const model = await registry.register({ name: 'm', path: path.join(folder, 'm') });
    await unlink(path.join(folder, 'registry/blobs/sha256', model.files[1]?.sha256 ?? ''));
    const targetDirectory = path.join(folder, 'out');
    expect((await failure(registry.download({ name: 'm' }, { targetDirectory }))).code).toBe('ModelCorrupted');
    expect(await readdir(targetDirectory)).toEqual([]);
  });
});
