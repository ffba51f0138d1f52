import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { extract } from 'tar-stream';
import type { Header } from 'tar-stream';
import { ociMediaTypes } from '@edgewright/contract';
import type { ImageLayout } from './image-layout.ts';
import { tarGuard } from './tar-guard.ts';

/** A member of a layer: what is said of it, and its bytes. */
export interface LayerEntry extends AsyncIterable<unknown> {
  readonly header: Header;
  resume(): unknown;
}

/** A layer that unpacks to more is a bomb. */
const LIMITS = { totalBytes: 64 * 1024 ** 3 };

const unpackers: Readonly<Record<string, () => Transform>> = {
  [ociMediaTypes.layerGzip]: () => createGunzip(),
  [ociMediaTypes.layerZstd]: () => createZstdDecompress(),
};

/**
 * The entries of a layer, one after another; each is read, or passed over with `resume()`, before the next one comes.
 * Nothing is written to a path that the layer names.
 */
export async function* layerEntries(
  layout: ImageLayout,
  layer: { readonly digest: string; readonly mediaType: string },
): AsyncGenerator<LayerEntry, void, undefined> {
  const entries = extract();
  const unpack = unpackers[layer.mediaType]?.() ?? new PassThrough();
  const reading = pipeline(createReadStream(layout.blobFile(layer.digest)), unpack, tarGuard(LIMITS), entries);
  // a broken archive ends the loop below as well; its reason is thrown there
  reading.catch(() => {});
  for await (const entry of entries) yield entry;
  await reading;
}
