import path from 'node:path';
import { discardEvents } from '@edgewright/contract';
import type { EventSink, InferenceConfig, Platform } from '@edgewright/contract';
import type { BaseImage } from './base/base-image.ts';
import { baseWithSteps } from './base/base-with-steps.ts';
import { readBaseImage } from './base/read-base-image.ts';
import { readSteps } from './base/read-steps.ts';
import { bundleEntry } from './bundle-entry.ts';
import { loadScorer } from './bundle-scorer.ts';
import { checkGpu, wantsGpu } from './config/check-gpu.ts';
import { checkModels, planRuntimes } from './config/check-build.ts';
import type { RuntimePlan } from './config/check-build.ts';
import type { ImageFacts } from './config/image-config.ts';
import { readWarmUp } from './config/read-warm-up.ts';
import { scoringConfigOf } from './config/scoring-config.ts';
import { readDependencies } from './dependencies/read-dependencies.ts';
import type { Dependencies } from './dependencies/read-dependencies.ts';
import { parseImageReference } from './image-reference.ts';
import type { ImageSummary } from './image-summary.ts';
import { appLayer, modelLayer, scorerLayer } from './layers/app-layers.ts';
import { dependenciesLayer } from './layers/dependencies-layer.ts';
import { LayerCache } from './layers/layer-cache.ts';
import type { LayerSource } from './layers/layer-source.ts';
import { imageLibraryLayer } from './layers/image-library-layer.ts';
import { nodeLayer } from './layers/node-layer.ts';
import { runtimeLayer } from './layers/runtime-layer.ts';
import { ImageLayout } from './layout/image-layout.ts';
import { summarizeImage } from './list-images.ts';
import type { DockerEngineOptions } from './output/docker-engine.ts';
import { findPackageRoot } from './package-root.ts';
import type { PackagedModel } from './packaged-model.ts';
import type { RegistryOptions } from './registry/registry-client.ts';
import { writeImage } from './write-image.ts';

export interface BuildImageOptions {
  readonly models: readonly PackagedModel[];
  readonly config: InferenceConfig;
  /** The folder that relative paths in `config` start from: the one of the configuration file. */
  readonly configDirectory: string;
  /** An OCI image layout, made when it is not there. */
  readonly layoutDirectory: string;
  /** `NAME:TAG`; the name may start with a registry. An image of the same name and tag is replaced. */
  readonly tag: string;
  /** Default: those of `config`, else all. */
  readonly platforms?: readonly Platform[];
  /** Keeps layers and fetched packages for later builds; default: `cache` beside the layout. */
  readonly cacheDirectory?: string;
  /** How to reach the registry of the base image. */
  readonly registry?: RegistryOptions;
  /** Runs `extraDockerfileSteps`; nothing else needs it. */
  readonly engine?: DockerEngineOptions;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

/**
 * Builds one image index for several platforms, without a daemon and without running code of the target. The same inputs
 * give the same digest, on any machine and at any time. Only `extraDockerfileSteps` need a Docker Engine, and may make it another
 * one on another day.
 *
 * Events: `image.base`, `image.steps`, `image.dependencies`, `image.bundle`, `image.layer` (one for each layer, with `data` {role, title, platforms, digest,
 * sizeBytes, origin}), `image.index`.
 *
 * @throws PackagerError `ImageInputInvalid`, `EntryScriptInvalid`, `PlatformNotPossible`, `BaseImageInvalid`,
 *   `DependenciesInvalid`, `RuntimePackageMissing`, `FileChanged`, `ImageInvalid`, `LayoutUnusable`, `RegistryRefused`, `RegistryFailed`,
 *   `DockerFailed`
 */
export async function buildImage(options: BuildImageOptions): Promise<ImageSummary> {
  const reference = parseImageReference(options.tag);
  checkModels(options.models);
  const formats = options.models.map(({ model }) => model.format);
  const plan = planRuntimes({ ...options, formats });
  checkGpu(options.config, [...plan.keys()]);
  const emit = options.emit ?? discardEvents;
  const cacheDirectory = path.resolve(options.cacheDirectory ?? path.join(options.layoutDirectory, '..', 'cache'));
  const base = await readBase(options, [...plan.keys()], cacheDirectory);
  const facts: ImageFacts = {
    reference,
    models: options.models.map(({ model }) => model),
    config: options.config,
    base,
    version: findPackageRoot().version,
  };
  noteWhatCannotRun(options.config, emit);
  const stacks = await planLayers(options, plan, { version: facts.version, cacheDirectory, emit });
  const layout = await ImageLayout.open(options.layoutDirectory);
  const index = await writeImage({
    facts,
    stacks,
    layout,
    cache: new LayerCache(path.join(cacheDirectory, 'layers')),
    emit,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return await summarizeImage(layout, reference.text, index);
}

async function readBase(
  options: BuildImageOptions,
  platforms: readonly Platform[],
  cacheDirectory: string,
): Promise<BaseImage> {
  const { config, configDirectory, registry, engine, emit, signal } = options;
  const { baseImage = 'scratch', baseImageRegistry: access } = config;
  const { extraDockerfileSteps } = config;
  // read first: a fault in them should not wait for a base image to come
  const steps = extraDockerfileSteps === undefined ? undefined : await readSteps(extraDockerfileSteps, configDirectory);
  const base = await readBaseImage(baseImage, {
    configDirectory,
    platforms,
    ...(registry === undefined ? {} : { registry }),
    ...(access === undefined ? {} : { access }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (steps === undefined) return base;
  return await baseWithSteps(base, steps, {
    platforms,
    cacheDirectory,
    ...(engine === undefined ? {} : { engine }),
    ...(emit === undefined ? {} : { emit }),
    ...(signal === undefined ? {} : { signal }),
  });
}

interface PlanContext {
  readonly version: string;
  readonly cacheDirectory: string;
  readonly emit: EventSink;
}

/** The layers above the base for each platform, the one that changes least often at the bottom. */
async function planLayers(
  options: BuildImageOptions,
  plan: RuntimePlan,
  context: PlanContext,
): Promise<Map<Platform, readonly LayerSource[]>> {
  const started = performance.now();
  context.emit({ stage: 'image.bundle', state: 'started', text: 'Bundling the scorer and the entry script' });
  const { config, configDirectory, signal } = options;
  const dependencies = await readDependencies(config.dependencies, configDirectory);
  const [scorer, entry] = await Promise.all([
    loadScorer(),
    bundleEntry(config, configDirectory, dependencies?.packages),
  ]);
  const milliseconds = Math.round(performance.now() - started);
  context.emit({
    stage: 'image.bundle',
    state: 'done',
    text: 'Bundled the scorer and the entry script',
    data: { milliseconds, entryScript: entry?.path ?? null },
  });
  const models = options.models.map(modelLayer);
  const warmUp = await readWarmUp(config.warmUp, configDirectory);
  const app = appLayer(scoringConfigOf(options.models, config, { entry, warmUp }), entry, options.models);
  noteScripts(dependencies, context.emit);
  const { cacheDirectory } = context;
  const stacks = new Map<Platform, readonly LayerSource[]>();
  for (const [platform, kinds] of plan) {
    const layers = [
      ...(config.nodeRuntime === 'bundled' ? [nodeLayer(platform, cacheDirectory, signal)] : []),
      ...(await Promise.all(kinds.map((kind) => runtimeLayer(platform, kind, wantsGpu(config))))),
      // an entry script gets it as well: decodeImage() of its context reads with it
      ...(config.preprocess === undefined ? [] : [await imageLibraryLayer(platform, { cacheDirectory, signal })]),
      ...(dependencies === undefined ? [] : [dependenciesLayer(dependencies, platform, { cacheDirectory, signal })]),
      scorerLayer(scorer, context.version),
      ...models,
      app,
    ];
    stacks.set(
      platform,
      layers.map((layer) => compressed(layer, config.compression)),
    );
  }
  return stacks;
}

/** Models stay as they are. */
function compressed(layer: LayerSource, compression: InferenceConfig['compression'] = 'gzip'): LayerSource {
  return layer.compression === 'none' ? layer : { ...layer, compression };
}

function noteScripts(dependencies: Dependencies | undefined, emit: EventSink): void {
  const { name, withInstallScripts: names } = dependencies ?? { name: '', withInstallScripts: [] };
  if (names.length === 0) return;
  const text = `Install scripts do not run for an image, and ${names.join(', ')} of "${name}" has one: what it would fetch or compile is missing`;
  emit({ stage: 'image.dependencies', state: 'note', text, data: { packages: names } });
}

function noteWhatCannotRun(config: InferenceConfig, emit: EventSink): void {
  if ((config.baseImage ?? 'scratch') !== 'scratch') return;
  emit({
    stage: 'image.base',
    state: 'note',
    text:
      'The base image is "scratch": it has no C library, so the simulator can start the image, but no container engine can. ' +
      'Name a base image to run it elsewhere.',
  });
}
