import { ociMediaTypes } from '@edgewright/contract';
import type { ImageLayout } from '../layout/image-layout.ts';
import { PackagerError } from '../packager-error.ts';
import { LayerCache } from './layer-cache.ts';
import type { LayerSource } from './layer-source.ts';
import { writeLayer } from './write-layer.ts';
import type { WrittenLayer } from './write-layer.ts';

/** A layer that is in the layout, and how it came there. */
export interface EnsuredLayer extends WrittenLayer {
  readonly origin: 'written' | 'cached' | 'present';
}

export interface EnsureLayerOptions {
  readonly layout: ImageLayout;
  readonly cache: LayerCache;
  readonly signal?: AbortSignal;
}

/** Sees to it that a layer is in the layout: it is there, or is taken from the cache, or is written. */
export async function ensureLayer(source: LayerSource, options: EnsureLayerOptions): Promise<EnsuredLayer> {
  const { layout, cache, signal } = options;
  const key = LayerCache.keyOf(source);
  const known = await cache.find(key);
  if (known !== undefined) {
    const blob = { digest: known.digest, size: known.sizeBytes };
    if (await layout.has(blob)) return { ...known, origin: 'present' };
    const kept = await cache.blob(key, known);
    if (kept !== undefined && (await includeKept(options, kept, blob))) return { ...known, origin: 'cached' };
  }
  const { file, ...layer } = await writeLayer(source, layout.stagingFolder, signal);
  const added = await layout.adopt(file, { digest: layer.digest, size: layer.sizeBytes });
  await cache.store(key, layer, layer.mediaType === ociMediaTypes.layer ? undefined : layout.blobFile(layer.digest));
  return { ...layer, origin: added ? 'written' : 'present' };
}

/** @returns false when the kept bytes are spoilt: they are made again, and replaced in the cache */
async function includeKept(
  { layout, signal }: EnsureLayerOptions,
  kept: string,
  blob: { readonly digest: string; readonly size: number },
): Promise<boolean> {
  try {
    await layout.include(kept, blob, signal);
    return true;
  } catch (error) {
    if (error instanceof PackagerError && error.code === 'ImageInvalid') return false;
    throw error;
  }
}
