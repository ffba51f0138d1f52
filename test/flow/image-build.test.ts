import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ociPlatforms, platformOf } from '@edgewright/contract';
import type { InferenceConfig, Model, Platform, ProgressEvent } from '@edgewright/contract';
import { openModelRegistry } from '@edgewright/models';
import { buildImage, listImages, PackagerError, showImage } from '@edgewright/packager';
import type { BuildImageOptions, ImageSummary, LayerRole, PackagedModel } from '@edgewright/packager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';
import { fitRidge } from '../../examples/diabetes/ridge.ts';
import { readDiabetesTable } from '../../examples/diabetes/table.ts';
import { makeImageLayout } from '../support/make-image-layout.ts';
import { ScorerProcess } from '../support/scorer-process.ts';
import { unpackImage } from '../support/unpack-image.ts';

const run = promisify(execFile);
const example = fileURLToPath(new URL('../../examples/diabetes', import.meta.url));
const buildOnce = fileURLToPath(new URL('../support/build-image-once.ts', import.meta.url));

/** One folder for the whole file: later builds find the compressed runtime of the first one in its cache. */
let folder = '';
let diabetes: PackagedModel;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-build-'));
  diabetes = await registerModel('diabetes', ridgeToOnnx(fitRidge((await readDiabetesTable()).train, 0.4)));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function registerModel(name: string, bytes: Uint8Array | string): Promise<PackagedModel> {
  await using registry = await openModelRegistry(path.join(folder, 'models'));
  const file = path.join(folder, `${name}.${typeof bytes === 'string' ? 'bin' : 'onnx'}`);
  await writeFile(file, bytes);
  const model = await registry.register({ name, path: file });
  return { model, directory: await registry.directoryOf(model) };
}

async function build(
  options: Partial<Omit<BuildImageOptions, 'config'>> & { readonly config?: InferenceConfig } = {},
): Promise<ImageSummary> {
  return await buildImage({
    models: [diabetes],
    config: { entryScript: 'score.ts', description: 'Ridge regression' },
    configDirectory: example,
    layoutDirectory: path.join(folder, 'images'),
    tag: 'diabetes:1',
    ...options,
  });
}

const layerOf = (image: ImageSummary, platform: Platform, role: LayerRole): string | undefined =>
  image.platforms.find((one) => one.platform === platform)?.layers.find((layer) => layer.role === role)?.digest;

async function unpack(image: ImageSummary, platform: Platform): ReturnType<typeof unpackImage> {
  const root = await mkdtemp(path.join(folder, 'root-'));
  const { architecture } = ociPlatforms[platform];
  return await unpackImage(path.join(folder, 'images'), image.digest, { architecture, root });
}

describe('an image index', () => {
  it('holds three platforms that share scorer, model and entry script', async () => {
    const events: ProgressEvent[] = [];
    const image = await build({ emit: (event) => events.push(event) });
    expect(image.reference).toBe('diabetes:1');
    expect(image.platforms.map(({ platform, layers }) => [platform, layers.map((layer) => layer.role)])).toEqual(
      (['amd64', 'arm64v8', 'arm32v7'] as const).map((platform) => [platform, ['runtime', 'scorer', 'model', 'app']]),
    );
    for (const role of ['scorer', 'model', 'app'] as const) {
      expect(new Set(image.platforms.map(({ platform }) => layerOf(image, platform, role))).size).toBe(1);
    }
    const layers = events.filter((event) => event.stage === 'image.layer' && event.state === 'done');
    expect(layers.map((event) => event.data?.['role'])).toHaveLength(6);
    expect(events.at(-1)).toMatchObject({ stage: 'image.index', state: 'done', data: { digest: image.digest } });
    expect(await listImages(path.join(folder, 'images'))).toEqual([image]);
  });

  it('has only the binaries of its own platform, within 40 MB', async () => {
    const image = await build();
    const ends = async (platform: Platform): Promise<string[]> => {
      const { paths } = await unpack(image, platform);
      return paths
        .filter((file) => /\.(node|so|so\.\d+|wasm|dll|dylib|exe)$/.test(file))
        .map((file) => file.slice(-40));
    };
    expect(await ends('amd64')).toEqual([
      expect.stringContaining('linux/x64/libonnxruntime.so.1'),
      expect.stringContaining('linux/x64/onnxruntime_binding.node'),
    ]);
    expect(await ends('arm64v8')).toEqual([
      expect.stringContaining('linux/arm64/libonnxruntime.so.1'),
      expect.stringContaining('linux/arm64/onnxruntime_binding.node'),
    ]);
    expect(await ends('arm32v7')).toEqual([expect.stringContaining('ort-wasm-simd-threaded.wasm')]);
    for (const { sizeBytes } of image.platforms) expect(sizeBytes).toBeLessThan(40_000_000);
  });

  it('starts the scorer as Azure ML lays it out, without rights', async () => {
    await build();
    const image = await showImage(path.join(folder, 'images'), 'diabetes:1');
    expect(image.labels).toMatchObject({
      'net.edgewright.model': 'diabetes:1',
      'org.opencontainers.image.description': 'Ridge regression',
      'org.opencontainers.image.title': 'diabetes',
    });
    for (const { platform, config } of image.configs) {
      expect(config).toMatchObject({ created: '1970-01-01T00:00:00Z', ...ociPlatforms[platform] });
      expect(config.config).toMatchObject({
        User: '1000',
        WorkingDir: '/var/azureml-app',
        Entrypoint: ['node', '/var/azureml-app/scorer/main.mjs'],
        Cmd: null,
        Labels: { ...image.labels, 'net.edgewright.schema': expect.stringContaining('"shape":[-1,10]') as string },
        ExposedPorts: { '5001/tcp': {} },
      });
      expect(config.config?.Env).toContain('AZUREML_MODEL_DIR=/var/azureml-app/azureml-models/diabetes/1');
      expect(config.config?.Env).toContain('AML_APP_ROOT=/var/azureml-app');
    }
  });

  it('adds what is new to a layout, and leaves the rest alone', async () => {
    await build();
    const blobs = path.join(folder, 'images/blobs/sha256');
    const before = await readdir(blobs);
    const times = await Promise.all(before.map(async (name) => (await stat(path.join(blobs, name))).mtimeMs));
    const changed = path.join(folder, 'changed');
    await cp(example, changed, { recursive: true });
    await writeFile(path.join(changed, 'score.ts'), 'export const run = (data: unknown) => data;\n');
    const image = await build({ configDirectory: changed, tag: 'diabetes:2' });
    const added = (await readdir(blobs)).filter((name) => !before.includes(name));
    const sizes = await Promise.all(added.map(async (name) => (await stat(path.join(blobs, name))).size));
    // a layer, and for each platform a configuration and a manifest, and the index
    expect(added).toHaveLength(1 + 3 + 3 + 1);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(20_000);
    expect(await Promise.all(before.map(async (name) => (await stat(path.join(blobs, name))).mtimeMs))).toEqual(times);
    const names = (await listImages(path.join(folder, 'images'))).map((one) => one.reference);
    expect(names).toEqual(['diabetes:1', 'diabetes:2']);
    expect(image.platforms).toHaveLength(3);
  });

  it('carries several models, each in a layer of its own', async () => {
    const second = await registerModel('second', 'not onnx');
    const image = await build({ models: [diabetes, second], tag: 'two:1', platforms: ['amd64'] });
    expect(image.platforms[0]?.layers.map((layer) => layer.role)).toEqual([
      'runtime',
      'scorer',
      'model',
      'model',
      'app',
    ]);
    const details = await showImage(path.join(folder, 'images'), 'two:1');
    expect(details.labels['net.edgewright.model']).toBe('diabetes:1,second:1');
    expect(details.configs[0]?.config.config?.Env).toContain('AZUREML_MODEL_DIR=/var/azureml-app/azureml-models');
  });

  it('keeps what its base image says, and puts its own on top', async () => {
    const base = path.join(folder, 'base');
    const config = { Env: ['PATH=/opt/bin', 'LANG=C'], Cmd: ['sh'], Labels: { maker: 'them' }, StopSignal: 'SIGINT' };
    await makeImageLayout(base, [{ platforms: [{ architecture: 'amd64', layers: [{ 'etc/os': 'x' }], config }] }]);
    const image = await build({ config: { baseImage: `oci:${base}` }, platforms: ['amd64'], tag: 'based:1' });
    expect(image.platforms[0]?.layers.map((layer) => layer.role)).toEqual([
      'base',
      'runtime',
      'scorer',
      'model',
      'app',
    ]);
    const { configs, labels } = await showImage(path.join(folder, 'images'), 'based:1');
    expect(configs[0]?.config.config).toMatchObject({ StopSignal: 'SIGINT', Cmd: null, Labels: { maker: 'them' } });
    expect(configs[0]?.config.config?.Env?.slice(0, 2)).toEqual(['PATH=/opt/bin', 'LANG=C']);
    expect(configs[0]?.config.history?.[0]).toEqual({ created_by: 'base 0' });
    expect(labels['org.opencontainers.image.base.digest']).toMatch(/^sha256:/);
    expect((await unpack(image, 'amd64')).paths).toContain('etc/os');
  });
});

describe('reproducibility', () => {
  it('gives the same digest in any folder, at any time, with any umask, time zone and language', async () => {
    const builds = [
      {
        name: 'one',
        umask: '000',
        environment: { TZ: 'Pacific/Kiritimati', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' },
      },
      { name: 'other/deeper', umask: '077', environment: { TZ: 'America/Adak', LANG: 'C', SOURCE_DATE_EPOCH: '1' } },
    ];
    const images = await Promise.all(
      builds.map(async ({ name, umask, environment }) => {
        const work = path.join(folder, 'reproduced', name);
        await mkdir(work, { recursive: true });
        const words = [buildOnce, work, path.join(folder, 'diabetes.onnx'), example, 'score.ts'];
        const node = [process.execPath, '--conditions=edgewright-source', '--disable-warning=ExperimentalWarning'];
        const { stdout } = await run('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', ...node, ...words], {
          cwd: work,
          env: { PATH: process.env['PATH'], HOME: work, ...environment },
        });
        return JSON.parse(stdout) as ImageSummary;
      }),
    );
    expect(images[1]).toEqual(images[0]);
    expect(images[0]?.platforms).toHaveLength(3);
  });
});

describe('the scorer in an image', () => {
  it.each<[string, Platform, 'onnx' | 'wasm']>([
    ['native code', platformOf(process.arch) ?? 'amd64', 'onnx'],
    ['WebAssembly, as on arm32v7', 'arm32v7', 'wasm'],
  ])('scores as scikit-learn does with %s', async (_, platform, backend) => {
    const config = { entryScript: 'score.ts', backend };
    const image = await build({ config, platforms: [platform], tag: `scored-${backend}:1` });
    const { root } = await unpack(image, platform);
    const appRoot = path.join(root, 'var/azureml-app');
    const environment = { AML_APP_ROOT: appRoot, AZUREML_MODEL_DIR: path.join(appRoot, 'azureml-models/diabetes/1') };
    await using scorer = new ScorerProcess(environment, [path.join(appRoot, 'scorer/main.mjs')]);
    const response = await fetch(`${await scorer.url()}/score`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        data: [
          [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
          [10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
        ],
      }),
    });
    const { predictions } = (await response.json()) as { predictions: number[] };
    expect(predictions.map((value) => Math.round(value * 1e4) / 1e4)).toEqual([
      expect.closeTo(5215.1803, 2),
      expect.closeTo(3727.0253, 2),
    ]);
    expect((await scorer.line('ready to score'))['backend']).toBe(backend);
  });
});

describe('an entry script in an image', () => {
  it('is named by its own line when it fails, not by that of the bundle', async () => {
    const sources = path.join(folder, 'failing');
    await mkdir(sources);
    const script = 'type Data = number;\n\nexport function run(_: Data): never {\n  throw new TypeError("no");\n}\n';
    await writeFile(path.join(sources, 'score.ts'), script);
    const platform = platformOf(process.arch) ?? 'amd64';
    const image = await build({ configDirectory: sources, platforms: [platform], tag: 'failing:1' });
    const { root } = await unpack(image, platform);
    const appRoot = path.join(root, 'var/azureml-app');
    await using scorer = new ScorerProcess({ AML_APP_ROOT: appRoot }, [path.join(appRoot, 'scorer/main.mjs')]);
    const response = await fetch(`${await scorer.url()}/score`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"data":[]}',
    });
    expect(JSON.stringify(await response.json())).toContain('score.ts:4:9');
  });
});

describe('a build that cannot be', () => {
  const spoilt = (model: Model): Model => ({
    ...model,
    files: model.files.map((file) => ({ ...file, sha256: '0'.repeat(64) })),
  });

  it.each<[string, string, () => Parameters<typeof build>[0]]>([
    ['an impossible platform', 'PlatformNotPossible', () => ({ config: { backend: 'onnx' } })],
    ['a base image that is not there', 'BaseImageInvalid', () => ({ config: { baseImage: 'oci:nowhere' } })],
    ['a tag that is none', 'ImageInputInvalid', () => ({ tag: 'Diabetes:1' })],
    ['no model', 'ImageInputInvalid', () => ({ models: [] })],
    ['an entry script that is not there', 'EntryScriptInvalid', () => ({ config: { entryScript: 'none.ts' } })],
    [
      'a model that was changed',
      'FileChanged',
      () => ({ models: [{ ...diabetes, model: spoilt(diabetes.model) }], platforms: ['amd64'] }),
    ],
  ])('is refused with the reason, and leaves no image: %s', async (_, code, options) => {
    const layoutDirectory = path.join(folder, `refused-${code}`);
    const error: unknown = await build({ layoutDirectory, ...options() }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PackagerError);
    expect((error as PackagerError).code).toBe(code);
    expect(await listImages(layoutDirectory)).toEqual([]);
    expect(await readdir(path.join(layoutDirectory, '.staging')).catch(() => [])).toEqual([]);
  });

  it('names the images that there are when another one is asked for', async () => {
    await build();
    const error: unknown = await showImage(path.join(folder, 'images'), 'diabetes:9').catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'ImageNotFound' });
    expect((error as PackagerError).message).toContain('diabetes:1, diabetes:2');
  });
});
