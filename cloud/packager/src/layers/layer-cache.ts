import { createHash, randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LayerSource } from './layer-source.ts';
import type { WrittenLayer } from './write-layer.ts';

/** Part of every key: raised when layers are written in another way than before. */
const WRITER_VERSION = 2;

/**
 * Remembers which layer came of which inputs, and keeps the compressed ones, so that a second build finds them also when its
 * layout is a new one. Models are remembered but not kept: they are large, and quick to write.
 */
export class LayerCache {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  static keyOf(source: LayerSource): string {
    const inputs = JSON.stringify([WRITER_VERSION, source.role, source.compression, source.key]);
    return createHash('sha256').update(inputs).digest('hex');
  }

  /** The layer of a key, when it was written before. */
  async find(key: string): Promise<WrittenLayer | undefined> {
    try {
      return recordOf(JSON.parse(await readFile(this.#file(key, 'json'), 'utf8')));
    } catch {
      // no record, or half of one: the layer is written again, which mends it
      return undefined;
    }
  }

  /** The compressed bytes of a layer, when they are kept. */
  async blob(key: string, layer: WrittenLayer): Promise<string | undefined> {
    const file = this.#file(key, 'blob');
    const found = await stat(file).catch(() => undefined);
    return found?.size === layer.sizeBytes ? file : undefined;
  }

  /** @param blob the layer's bytes, to be kept as well */
  async store(key: string, layer: WrittenLayer, blob?: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    if (blob !== undefined) {
      const staged = this.#file(`${key}-${randomUUID()}`, 'new');
      await link(blob, staged).catch(() => copyFile(blob, staged));
      await rename(staged, this.#file(key, 'blob'));
      await rm(staged, { force: true });
    }
    const { mediaType, digest, sizeBytes, diffId } = layer;
    const staged = this.#file(`${key}-${randomUUID()}`, 'new');
    await writeFile(staged, JSON.stringify({ mediaType, digest, sizeBytes, diffId }));
    await rename(staged, this.#file(key, 'json'));
  }

  #file(key: string, ending: string): string {
    return path.join(this.#directory, `${key}.${ending}`);
  }
}

function recordOf(value: unknown): WrittenLayer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { mediaType, digest, sizeBytes, diffId } = value as Partial<WrittenLayer>;
  if (typeof mediaType !== 'string' || typeof sizeBytes !== 'number') return undefined;
  if (typeof digest !== 'string' || typeof diffId !== 'string') return undefined;
  return { mediaType, digest, sizeBytes, diffId };
}
