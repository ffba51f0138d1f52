import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ociPlatforms, platformOf } from '@edgewright/contract';
import type { InferenceConfig, Platform, ScoringConfig } from '@edgewright/contract';
import { createEngine } from '@edgewright/engine';
import { openModelRegistry } from '@edgewright/models';
import { buildImage } from '@edgewright/packager';
import type { ImageSummary, PackagedModel } from '@edgewright/packager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digitPng } from '../../examples/digits/digit-png.ts';
import { mostLikely } from '../../examples/digits/network/network.ts';
import { imagesOf, readDigitsTable, SIDE } from '../../examples/digits/table.ts';
import { ScorerProcess } from '../support/scorer-process.ts';
import { unpackImage } from '../support/unpack-image.ts';

const model = fileURLToPath(new URL('../../examples/digits/models/digits.onnx', import.meta.url));
const blank = { data: [[Array.from({ length: 8 }, () => Array.from({ length: 8 }, () => 0))]] };

let folder = '';
let digits: PackagedModel;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-digits-'));
  await using registry = await openModelRegistry(path.join(folder, 'models'));
  const registered = await registry.register({ name: 'digits', path: model });
  digits = { model: registered, directory: await registry.directoryOf(registered) };
  await writeFile(path.join(folder, 'requests.json'), JSON.stringify([blank]));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function build(config: InferenceConfig): Promise<ImageSummary> {
  return await buildImage({
    models: [digits],
    config,
    configDirectory: folder,
    layoutDirectory: path.join(folder, 'images'),
    tag: 'digits:1',
  });
}

async function unpack(image: ImageSummary, platform: Platform): ReturnType<typeof unpackImage> {
  const root = await mkdtemp(path.join(folder, 'root-'));
  const { architecture } = ociPlatforms[platform];
  return await unpackImage(path.join(folder, 'images'), image.digest, { architecture, root });
}

describe('an image of a service that takes images', () => {
  it('has sharp with the binaries of each platform, and says what was declared', async () => {
    const image = await build({
      preprocess: {},
      postprocess: { topK: 1 },
      batching: { maxSize: 4 },
      warmUp: 'requests.json',
      // one runtime for all: native ones are for other tests
      backend: 'wasm',
    });
    for (const [platform, system] of [['amd64', 'x64'], ['arm64v8', 'arm64'], ['arm32v7', 'arm']] as const) {
      const { paths, root } = await unpack(image, platform);
      const binaries = paths.filter((file) => file.includes('/@img/') && /\.(node|so\..*)$/.test(file));
      expect(new Set(binaries.map((file) => file.split('/@img/')[1]))).toEqual(new Set([
        expect.stringMatching(new RegExp(`^sharp-libvips-linux-${system}/lib/libvips-cpp\\.so\\.`)),
        expect.stringMatching(new RegExp(`^sharp-linux-${system}/lib/sharp-linux-${system}-.*\\.node$`)),
      ]));
      const text = await readFile(path.join(root, 'var/azureml-app/edgewright.json'), 'utf8');
      const { preprocess, postprocess, batching, warmUp } = JSON.parse(text) as ScoringConfig;
      const declared = { preprocess: {}, postprocess: { topK: 1 }, batching: { maxSize: 4 }, warmUp: [blank] };
      expect({ preprocess, postprocess, batching, warmUp }).toEqual(declared);
    }
  }); // prettier-ignore

  it('has no sharp when it takes none', async () => {
    const { paths } = await unpack(await build({ backend: 'wasm', platforms: ['amd64'] }), 'amd64');
    expect(paths.filter((file) => file.includes('sharp'))).toEqual([]);
  });

  it('reads the digits of PNG files', async () => {
    const platform = platformOf(process.arch) ?? 'amd64';
    const image = await build({ preprocess: {}, postprocess: { topK: 1 }, backend: 'wasm', platforms: [platform], warmUp: 'requests.json' }); // prettier-ignore
    const appRoot = path.join((await unpack(image, platform)).root, 'var/azureml-app');
    await using scorer = new ScorerProcess({ AML_APP_ROOT: appRoot }, [path.join(appRoot, 'scorer/main.mjs')]);
    const url = `${await scorer.url()}/score`;
    const rows = (await readDigitsTable()).test.slice(0, 20);
    const seen: unknown[] = [];
    for (const { pixels } of rows) {
      const body = new Uint8Array(await digitPng(pixels));
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'image/png' }, body });
      const answer = (await response.json()) as { predictions?: { index: number }[] };
      seen.push(answer.predictions?.[0]?.index ?? answer);
    }
    expect(seen).toEqual(await digitsOf(rows));
  });
});

/** What the network sees in the pixels of the table, which is what it must see in their pictures. */
async function digitsOf(rows: Awaited<ReturnType<typeof readDigitsTable>>['test']): Promise<number[]> {
  await using engine = await createEngine({
    models: [{ name: 'digits', version: 1, path: model, format: 'onnx' }],
    modelDirectory: path.dirname(model),
    backend: 'wasm',
    execution: 'inline',
  });
  const image = { datatype: 'FP32', shape: [rows.length, 1, SIDE, SIDE], data: imagesOf(rows) } as const;
  const { outputs } = await engine.infer({ requestId: 'rows', inputs: { image } });
  return mostLikely(outputs['probabilities']?.data as Float32Array);
}

describe('requests for the warm-up', () => {
  it.each([
    ['is not there', 'none.json', /none\.json/],
    ['is no JSON', 'broken.json', /line 1/],
    ['is no list', 'object.json', /not a list/],
  ])('are refused when the file %s', async (_, warmUp, text) => {
    await writeFile(path.join(folder, 'broken.json'), '[1,');
    await writeFile(path.join(folder, 'object.json'), '{}');
    await expect(build({ warmUp, platforms: ['amd64'] })).rejects.toMatchObject({
      code: 'ImageInputInvalid',
      message: expect.stringMatching(text) as string,
    });
  });
});
