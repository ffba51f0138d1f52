import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { discardEvents, messageOf, ociMediaTypes, ociPlatforms } from '@edgewright/contract';
import type { EventSink, OciDescriptor, Platform } from '@edgewright/contract';
import { writeTar } from '../layers/write-tar.ts';
import { ImageLayout } from '../layout/image-layout.ts';
import { dockerArchive } from '../output/docker-archive.ts';
import { DockerEngine } from '../output/docker-engine.ts';
import type { DockerEngineOptions } from '../output/docker-engine.ts';
import { PackagerError } from '../packager-error.ts';
import { readArchiveBase } from './archive-base.ts';
import type { BaseImage, BasePlatform } from './base-image.ts';
import { readLayoutBase } from './layout-base.ts';
import { refusedBase } from './read-platforms.ts';
import { STEPS_FILE } from './read-steps.ts';
import type { DockerfileSteps } from './read-steps.ts';

export interface BaseWithStepsOptions {
  readonly platforms: readonly Platform[];
  /** Keeps what the steps made of a base: they run again when base, steps or files change. */
  readonly cacheDirectory: string;
  readonly engine?: DockerEngineOptions;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

const TAG = 'base';

/**
 * A base image after steps of a Dockerfile, run by a Docker Engine for each platform. The layers of the base stay as they
 * are; the steps' own lie on them. Only this part of a build needs an engine, and only this part may come out another way
 * on another day.
 *
 * @throws PackagerError `DockerFailed`, `BaseImageInvalid`, `LayoutUnusable`
 */
export async function baseWithSteps(
  base: BaseImage,
  steps: DockerfileSteps,
  options: BaseWithStepsOptions,
): Promise<BaseImage> {
  const made = new Map<Platform, BaseImage>();
  for (const platform of options.platforms) {
    const key = createHash('sha256')
      .update(`${base.digest ?? base.name} ${platform} ${steps.digest}`)
      .digest('hex');
    const folder = path.resolve(options.cacheDirectory, 'steps', key);
    if (!existsSync(folder)) await runSteps({ base, steps, platform, folder, options });
    made.set(platform, await readLayoutBase(`oci:${folder}:${TAG}`, '.'));
  }
  const platforms = new Map<Platform, BasePlatform>();
  for (const [platform, one] of made) {
    const found = one.platforms.get(platform);
    if (found === undefined) throw refusedBase(base.name, `the steps of "${steps.name}" made no image for ${platform}`);
    platforms.set(platform, found);
  }
  return {
    name: base.name,
    ...(base.digest === undefined ? {} : { digest: base.digest }),
    platforms,
    include: async (layer, layout, signal) => {
      for (const one of made.values()) {
        const all = [...one.platforms.values()].flatMap(({ layers }) => layers);
        if (all.some(({ descriptor }) => descriptor.digest === layer.descriptor.digest)) {
          return await one.include(layer, layout, signal);
        }
      }
      throw new TypeError(`the layer ${layer.descriptor.digest} is of none of the platforms`);
    },
  };
}

interface StepsRun {
  readonly base: BaseImage;
  readonly steps: DockerfileSteps;
  readonly platform: Platform;
  /** Where the result is kept, as an image layout. */
  readonly folder: string;
  readonly options: BaseWithStepsOptions;
}

async function runSteps(run: StepsRun): Promise<void> {
  const { base, steps, platform, folder, options } = run;
  const { emit = discardEvents, signal } = options;
  const engine = new DockerEngine(options.engine);
  const id = randomUUID();
  const names = { base: `edgewright-base-${id}:${TAG}`, result: `edgewright-steps-${id}:${TAG}` };
  const staging = `${folder}-${id}`;
  const started = performance.now();
  const report = (state: 'started' | 'note' | 'done', text: string, more: object = {}): void =>
    emit({ stage: 'image.steps', state, text, data: { platform, ...more } });
  report('started', `Running the steps of ${steps.name} for ${platform}`);
  try {
    await mkdir(staging, { recursive: true });
    const plain = base.platforms.get(platform) ?? { layers: [] };
    const from = plain.layers.length === 0 ? 'scratch' : names.base;
    if (from !== 'scratch') await loadBase(run, engine, { name: names.base, staging });
    await engine.build({
      context: contextOf(from, steps),
      dockerfile: STEPS_FILE,
      name: names.result,
      platform,
      onLine: (line) => report('note', line),
      ...(signal === undefined ? {} : { signal }),
    });
    const file = path.join(staging, 'saved.tar');
    await pipeline(await engine.save(names.result), createWriteStream(file), signal === undefined ? {} : { signal });
    await keep(run, await readArchiveBase(`docker-archive:${file}`, '.'), { staging, original: plain });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof PackagerError) throw cause;
    throw refusedBase(base.name, `the steps of "${steps.name}" cannot be kept: ${messageOf(cause)}`, cause);
  } finally {
    await rm(staging, { recursive: true, force: true });
    for (const name of [names.result, names.base]) await engine.remove(name);
  }
  report('done', `Ran the steps of ${steps.name} for ${platform}`, {
    milliseconds: Math.round(performance.now() - started),
  });
}

/** A context with the steps on the base, as the engine knows it. */
function contextOf(from: string, steps: DockerfileSteps): Readable {
  const dockerfile = Buffer.from(`FROM ${from}\n${steps.text}\n`);
  return Readable.from(
    writeTar([
      { type: 'bytes', path: STEPS_FILE, content: dockerfile },
      ...steps.files.filter((file) => file.path !== STEPS_FILE),
    ]),
  );
}

async function loadBase(
  { base, platform, options }: StepsRun,
  engine: DockerEngine,
  { name, staging }: { readonly name: string; readonly staging: string },
): Promise<void> {
  const layout = await ImageLayout.open(path.join(staging, 'base'));
  const found = base.platforms.get(platform);
  for (const layer of found?.layers ?? []) await base.include(layer, layout, options.signal);
  const descriptor = await writeIndex(layout, platform, found ?? { layers: [] });
  const archive = await dockerArchive({ layout, reference: name, descriptor }, name, platform);
  await engine.load(archive, name, options.signal);
}

/** Keeps the result: layers of the base as they were before the engine unpacked them, and those of the steps. */
async function keep(
  { base, platform, folder, options }: StepsRun,
  result: BaseImage,
  { staging, original }: { readonly staging: string; readonly original: BasePlatform },
): Promise<void> {
  const [made] = result.platforms.values();
  if (made?.config === undefined) throw refusedBase(base.name, `the steps made no image for ${platform}`);
  const layout = await ImageLayout.open(path.join(staging, 'layout'));
  const layers = made.layers.map((layer, place) => {
    const before = original.layers[place];
    return before?.diffId === layer.diffId ? { layer: before, from: base } : { layer, from: result };
  });
  for (const { layer, from } of layers) await from.include(layer, layout, options.signal);
  const config = { ...made.config, ...ociPlatforms[platform] };
  const index = await writeIndex(layout, platform, { layers: layers.map(({ layer }) => layer), config });
  await layout.tag(TAG, index);
  // another build may have made the same meanwhile, which is as good
  await rename(layout.directory, folder).catch((cause: unknown) => {
    if (!existsSync(folder)) throw cause;
  });
}

async function writeIndex(layout: ImageLayout, platform: Platform, base: BasePlatform): Promise<OciDescriptor> {
  const diffIds = base.layers.map((layer) => layer.diffId);
  const config = {
    ...base.config,
    ...ociPlatforms[platform],
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
  const put = async (mediaType: string, value: object): Promise<OciDescriptor> => ({
    mediaType,
    ...(await layout.put(Buffer.from(JSON.stringify(value)))),
  });
  const manifest = await put(ociMediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: ociMediaTypes.manifest,
    config: await put(ociMediaTypes.config, config),
    layers: base.layers.map((layer) => layer.descriptor),
  });
  const entry = { ...manifest, platform: { ...ociPlatforms[platform] } };
  return await put(ociMediaTypes.index, { schemaVersion: 2, mediaType: ociMediaTypes.index, manifests: [entry] });
}
