import { createHash, randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ociMediaTypes } from '@edgewright/contract';
import { fixGzipHeader, gzipStream } from './gzip-stream.ts';
import type { LayerCompression, LayerSource } from './layer-source.ts';
import { writeTar } from './write-tar.ts';
import { zstdStream } from './zstd-stream.ts';

/** A layer as manifests and configurations speak of it. */
export interface WrittenLayer {
  readonly mediaType: string;
  readonly digest: string;
  readonly sizeBytes: number;
  /** Digest of the tar archive before compression. */
  readonly diffId: string;
}

const mediaTypes: Readonly<Record<LayerCompression, string>> = {
  none: ociMediaTypes.layer,
  gzip: ociMediaTypes.layerGzip,
  zstd: ociMediaTypes.layerZstd,
};

/**
 * Writes a layer into a new file of a folder, in constant memory. The file is on the disk when this resolves, and is gone
 * if it fails.
 */
export async function writeLayer(
  source: LayerSource,
  folder: string,
  signal?: AbortSignal,
): Promise<WrittenLayer & { readonly file: string }> {
  const file = path.join(folder, randomUUID());
  const plain = new Measure();
  const packed = new Measure();
  const options = signal === undefined ? {} : { signal };
  try {
    const archive = writeTar(await source.entries(), signal);
    // opened here and not by the stream, which could still make the file after it was removed
    const target = (await open(file, 'wx')).createWriteStream({ flush: true });
    if (source.compression === 'gzip') {
      const stages = [plain.pass, gzipStream(), fixGzipHeader, packed.pass] as const;
      await pipeline(archive, ...stages, target, options);
    } else if (source.compression === 'zstd') {
      await pipeline(archive, plain.pass, zstdStream(), packed.pass, target, options);
    } else {
      await pipeline(archive, packed.pass, target, options);
    }
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
  const digest = packed.digest();
  const isPlain = source.compression === 'none';
  return {
    file,
    mediaType: mediaTypes[source.compression],
    digest,
    sizeBytes: packed.sizeBytes,
    diffId: isPlain ? digest : plain.digest(),
  };
}

/** Takes digest and size of what passes. */
class Measure {
  readonly #hash = createHash('sha256');
  sizeBytes = 0;

  readonly pass = this.#pass.bind(this);

  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`;
  }

  async *#pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      this.#hash.update(chunk);
      this.sizeBytes += chunk.length;
      yield chunk;
    }
  }
}
