import { imageAnnotations, ociMediaTypes, ociPlatforms } from '@edgewright/contract';
import type { EventSink, OciDescriptor, OciManifest, Platform } from '@edgewright/contract';
import type { BasePlatform } from './base/base-image.ts';
import { imageConfigOf, labelsOf } from './config/image-config.ts';
import type { ImageFacts } from './config/image-config.ts';
import { ensureLayer } from './layers/ensure-layer.ts';
import type { EnsuredLayer } from './layers/ensure-layer.ts';
import { LayerCache } from './layers/layer-cache.ts';
import type { LayerSource } from './layers/layer-source.ts';
import { nameImage } from './layout/image-blobs.ts';
import type { ImageLayout } from './layout/image-layout.ts';
import { mapBounded } from './map-bounded.ts';

export interface WriteImageOptions {
  readonly facts: ImageFacts;
  /** The layers above the base, from the bottom up. */
  readonly stacks: ReadonlyMap<Platform, readonly LayerSource[]>;
  readonly layout: ImageLayout;
  readonly cache: LayerCache;
  readonly emit: EventSink;
  readonly signal?: AbortSignal;
}

/** Compression keeps a core busy; more at once would only take memory. */
const LAYERS_AT_ONCE = 2;

/** Writes layers, configurations, manifests and the index into a layout, and gives the index its name. */
export async function writeImage(options: WriteImageOptions): Promise<OciDescriptor> {
  await includeBase(options);
  const layers = await writeLayers(options);
  const manifests: OciDescriptor[] = [];
  for (const [platform, stack] of options.stacks) {
    const written = stack.map((source) => ({ source, layer: layers.get(LayerCache.keyOf(source)) }));
    manifests.push(await writeManifest(options, platform, written.map(requireWritten)));
  }
  const index = {
    schemaVersion: 2,
    mediaType: ociMediaTypes.index,
    manifests,
    annotations: labelsOf(options.facts),
  };
  const descriptor = { mediaType: ociMediaTypes.index, ...(await putDocument(options.layout, index)) };
  await nameImage(options.layout, options.facts.reference.text, descriptor);
  options.emit({
    stage: 'image.index',
    state: 'done',
    text: `Wrote ${options.facts.reference.text} for ${[...options.stacks.keys()].join(', ')}`,
    data: { reference: options.facts.reference.text, digest: descriptor.digest },
  });
  return descriptor;
}

async function includeBase(options: WriteImageOptions): Promise<void> {
  const { facts, layout, emit, signal } = options;
  for (const platform of options.stacks.keys()) {
    for (const layer of basePlatform(facts, platform).layers) {
      const origin = await facts.base.include(layer, layout, signal);
      const { digest, size } = layer.descriptor;
      emit({
        stage: 'image.layer',
        state: 'done',
        text: `base layer of ${platform}, ${size} bytes, ${origin}`,
        data: { role: 'base', title: facts.base.name, platforms: [platform], digest, sizeBytes: size, origin },
      });
    }
  }
}

/** Every layer once, also when several platforms share it; by its key. */
async function writeLayers(options: WriteImageOptions): Promise<Map<string, EnsuredLayer>> {
  const sources = new Map<string, { source: LayerSource; platforms: Platform[] }>();
  for (const [platform, stack] of options.stacks) {
    for (const source of stack) {
      const key = LayerCache.keyOf(source);
      const known = sources.get(key);
      if (known === undefined) sources.set(key, { source, platforms: [platform] });
      else known.platforms.push(platform);
    }
  }
  const entries = await mapBounded([...sources], LAYERS_AT_ONCE, async ([key, { source, platforms }]) => {
    return [key, await writeOne(options, source, platforms)] as const;
  });
  return new Map(entries);
}

async function writeOne(
  options: WriteImageOptions,
  source: LayerSource,
  platforms: readonly Platform[],
): Promise<EnsuredLayer> {
  const { role, title } = source;
  const started = performance.now();
  options.emit({ stage: 'image.layer', state: 'started', text: `${role}: ${title}`, data: { role, title, platforms } });
  const layer = await ensureLayer(source, options);
  const { digest, sizeBytes, origin } = layer;
  const milliseconds = Math.round(performance.now() - started);
  options.emit({
    stage: 'image.layer',
    state: 'done',
    text: `${role}: ${title}, ${sizeBytes} bytes, ${origin}`,
    data: { role, title, platforms, digest, sizeBytes, origin, milliseconds },
  });
  return layer;
}

interface StackedLayer {
  readonly source: LayerSource;
  readonly layer: EnsuredLayer;
}

function requireWritten(pair: { source: LayerSource; layer: EnsuredLayer | undefined }): StackedLayer {
  if (pair.layer === undefined) throw new TypeError(`the layer ${pair.source.title} was not written`);
  return { source: pair.source, layer: pair.layer };
}

async function writeManifest(
  options: WriteImageOptions,
  platform: Platform,
  stack: readonly StackedLayer[],
): Promise<OciDescriptor> {
  const { facts, layout } = options;
  const base = basePlatform(facts, platform);
  const titled = stack.map(({ source, layer }) => ({ diffId: layer.diffId, title: source.title }));
  const config = await putDocument(layout, imageConfigOf(facts, platform, { base, layers: titled }));
  const manifest: OciManifest = {
    schemaVersion: 2,
    mediaType: ociMediaTypes.manifest,
    config: { mediaType: ociMediaTypes.config, ...config },
    layers: [
      ...base.layers.map((layer) => layer.descriptor),
      ...stack.map(({ source, layer }) => ({
        mediaType: layer.mediaType,
        digest: layer.digest,
        size: layer.sizeBytes,
        annotations: { [imageAnnotations.layerRole]: source.role, 'org.opencontainers.image.title': source.title },
      })),
    ],
  };
  const stored = await putDocument(layout, manifest);
  return { mediaType: ociMediaTypes.manifest, ...stored, platform: { ...ociPlatforms[platform] } };
}

function basePlatform(facts: ImageFacts, platform: Platform): BasePlatform {
  const found = facts.base.platforms.get(platform);
  if (found === undefined) throw new TypeError(`the base image was not read for ${platform}`);
  return found;
}

async function putDocument(layout: ImageLayout, document: object): Promise<{ digest: string; size: number }> {
  return await layout.put(Buffer.from(JSON.stringify(document)));
}
