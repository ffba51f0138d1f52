import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, link, mkdir, open, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { messageOf } from '@edgewright/contract';
import { extract } from 'tar-stream';
import type { Extract, Header } from 'tar-stream';
import { SimulatorError } from '../simulator-error.ts';
import { blobPath, unusable } from './image-layout.ts';
import type { Descriptor, LocatedImage } from './image-layout.ts';
import { ImageRoot } from './image-root.ts';

const WHITEOUT = '.wh.';
const OPAQUE_WHITEOUT = '.wh..wh..opq';

/** What an image may be at most. It must not fill the disk, however small it looks packed. */
export interface UnpackLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** Unpacked bytes for one packed byte, beyond `freeBytes`. */
  readonly maxRatio: number;
  readonly freeBytes: number;
}

/** More than any image that a simulated edge device would run. */
export const unpackLimits: UnpackLimits = {
  maxBytes: 8 * 1024 ** 3,
  maxEntries: 500_000,
  maxRatio: 100,
  freeBytes: 512 * 1024 ** 2,
};

/** An entry with its bytes; `tar-stream` has no name for this type. */
type Entry = Extract extends AsyncIterable<infer Item> ? Item : never;

interface Unpacking {
  readonly root: ImageRoot;
  readonly limits: UnpackLimits;
  readonly signal: AbortSignal;
  readonly packedBytes: number;
  bytes: number;
  entries: number;
}

/**
 * Unpacks an image's layers, one over the other, into an empty folder. Every layer must have the digests that the image
 * states. Owners, device files and set-uid bits are left out: what is unpacked belongs to whoever runs this.
 *
 * @throws SimulatorError `ModuleImageUnusable` for wrong digests, entries that lead out of the folder, and images over the limits
 */
export async function unpackImage(
  image: LocatedImage,
  directory: string,
  { limits = unpackLimits, signal }: { readonly limits?: UnpackLimits; readonly signal: AbortSignal },
): Promise<void> {
  const packedBytes = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  const unpacking = { root: new ImageRoot(directory), limits, signal, packedBytes, bytes: 0, entries: 0 };
  for (const [at, layer] of image.layers.entries()) {
    const diffId = image.diffIds[at];
    if (diffId === undefined) throw unusable(`layer ${at} has no diff_id`, { reference: image.reference, layer: at });
    try {
      await unpackLayer(unpacking, { file: blobPath(image.layoutDirectory, layer.digest), layer, diffId });
    } catch (cause) {
      if (cause instanceof SimulatorError || signal.aborted) throw cause;
      throw unusable(
        `layer ${layer.digest} of "${image.reference}" cannot be unpacked: ${messageOf(cause)}`,
        { reference: image.reference, digest: layer.digest },
        cause,
      );
    }
  }
}

async function unpackLayer(
  unpacking: Unpacking,
  { file, layer, diffId }: { readonly file: string; readonly layer: Descriptor; readonly diffId: string },
): Promise<void> {
  const packed = new Digest();
  const unpacked = new Digest();
  const entries = extract();
  const { signal } = unpacking;
  const reading = pipeline(createReadStream(file), packed, decompressor(layer.mediaType), unpacked, entries, {
    signal,
  });
  const [read, written] = await Promise.allSettled([reading, unpackEntries(unpacking, entries)]);
  // one failing breaks off the other; what was wrong with an entry says more than that
  if (written.status === 'rejected' && written.reason instanceof SimulatorError) throw written.reason;
  if (read.status === 'rejected') throw read.reason;
  if (written.status === 'rejected') throw written.reason;
  packed.check(layer.digest, file);
  unpacked.check(diffId, file);
}

function decompressor(mediaType: string): Transform {
  if (/[+.]gzip$/.test(mediaType)) return createGunzip();
  if (mediaType.endsWith('+zstd')) return createZstdDecompress();
  if (mediaType.endsWith('.tar')) return new PassThrough();
  throw unusable(`layers of the type "${mediaType}" are not known`, { mediaType });
}

async function unpackEntries(unpacking: Unpacking, entries: Extract): Promise<void> {
  const created = new Set<string>();
  for await (const entry of entries) {
    const name = entryName(entry.header);
    unpacking.entries += 1;
    checkLimits(unpacking, entry.header.size, name);
    if (name === '') entry.resume();
    else if (path.posix.basename(name).startsWith(WHITEOUT)) {
      await applyWhiteout(unpacking.root, name, created);
      entry.resume();
    } else {
      noteCreated(created, name);
      await unpackEntry(unpacking, name, entry);
    }
  }
}

/** An entry's path without a leading `/` or `./`; empty for the root itself. */
function entryName({ name }: Pick<Header, 'name'>): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || name.includes('\0')) {
    throw unusable(`the entry "${name}" leads out of the image`, { name });
  }
  return parts.join('/');
}

async function applyWhiteout(root: ImageRoot, name: string, created: ReadonlySet<string>): Promise<void> {
  const folder = path.posix.dirname(name);
  const base = path.posix.basename(name);
  if (base !== OPAQUE_WHITEOUT) {
    await root.removeLower(path.posix.join(folder, base.slice(WHITEOUT.length)), created);
    return;
  }
  const place = folder === '.' ? root.directory : await root.find(folder);
  if (place === undefined) return;
  for (const child of await readdir(place)) await root.removeLower(path.posix.join(folder, child), created);
}

/** Notes the folders above as well: they hold something of this layer. */
function noteCreated(created: Set<string>, name: string): void {
  for (let at = name; at !== '.'; at = path.posix.dirname(at)) {
    if (created.has(at)) return;
    created.add(at);
  }
}

async function unpackEntry(unpacking: Unpacking, name: string, entry: Entry): Promise<void> {
  const { root } = unpacking;
  const { type, mode, linkname } = entry.header;
  const file = await root.place(name);
  await root.clear(file, type === 'directory');
  if (type === 'file' || type === 'contiguous-file') {
    await writeFile(unpacking, file, entry);
    return;
  }
  entry.resume();
  if (type === 'directory') {
    await mkdir(file, { recursive: true });
    await chmod(file, (mode & 0o777) | 0o700);
  } else if (type === 'symlink') {
    await symlink(root.linkTarget(file, linkname), file);
  } else if (type === 'link') {
    const target = await root.find(entryName({ name: linkname }));
    if (target === undefined)
      throw unusable(`the link "${name}" leads to "${linkname}", which is not there`, { name, linkname });
    await link(target, file);
  }
}

async function writeFile(unpacking: Unpacking, file: string, entry: Entry): Promise<void> {
  await using handle = await open(file, 'wx');
  for await (const chunk of entry as AsyncIterable<Buffer>) {
    unpacking.signal.throwIfAborted();
    unpacking.bytes += chunk.length;
    checkLimits(unpacking, 0, entry.header.name);
    await handle.appendFile(chunk);
  }
  await handle.chmod((entry.header.mode & 0o777) | 0o600);
}

/** @param announced bytes that are said to come */
function checkLimits({ limits, bytes, entries, packedBytes }: Unpacking, announced: number, name: string): void {
  const allowed = Math.min(limits.maxBytes, limits.freeBytes + packedBytes * limits.maxRatio);
  if (bytes + announced > allowed) {
    throw unusable(
      `it has more than ${allowed} bytes when it is unpacked (${packedBytes} packed), at the entry "${name}"`,
      { name, allowed, packedBytes },
    );
  }
  if (entries > limits.maxEntries) {
    throw unusable(`it has more than ${limits.maxEntries} entries`, { maxEntries: limits.maxEntries });
  }
}

/** Passes bytes on and takes their sha256. */
class Digest extends Transform {
  readonly #hash = createHash('sha256');

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    this.#hash.update(chunk);
    done(null, chunk);
  }

  check(digest: string, file: string): void {
    const actual = `sha256:${this.#hash.digest('hex')}`;
    if (actual !== digest) {
      throw unusable(`the layer ${file} was changed: its digest is ${actual}, not ${digest}`, { file, digest, actual });
    }
  }
}
