import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import tar from 'tar-stream';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** An image on one platform, unpacked. */
export interface UnpackedImage {
  /** The folder that stands for the root of the image. */
  readonly root: string;
  /** The image configuration. */
  readonly config: {
    readonly rootfs: { readonly diff_ids: readonly string[] };
    readonly config: Readonly<Record<string, unknown>>;
  };
  /** Paths of what was unpacked, in order, a folder with a slash at its end. */
  readonly paths: readonly string[];
}

/**
 * Unpacks an image of a layout on one architecture, as a container engine would, and checks every digest and size on the
 * way. It shares no code with what writes images.
 *
 * @param index digest of the image index
 */
export async function unpackImage(
  layout: string,
  index: string,
  { architecture, root }: { readonly architecture: string; readonly root: string },
): Promise<UnpackedImage> {
  const blob = (digest: string): string => path.join(layout, 'blobs', digest.replace(':', '/'));
  const read = async (digest: string): Promise<unknown> => JSON.parse(await readFile(blob(digest), 'utf8')) as unknown;
  const { manifests } = (await read(index)) as {
    manifests: (Descriptor & { platform: { architecture: string } })[];
  };
  const entry = manifests.find(({ platform }) => platform.architecture === architecture);
  if (entry === undefined) throw new TypeError(`the image is not for ${architecture}`);
  const manifest = (await read(entry.digest)) as { config: Descriptor; layers: Descriptor[] };
  const config = (await read(manifest.config.digest)) as UnpackedImage['config'];
  for (const descriptor of [entry, manifest.config, ...manifest.layers]) {
    await requireBlob(blob(descriptor.digest), descriptor);
  }
  const paths: string[] = [];
  for (const [place, layer] of manifest.layers.entries()) {
    const expected = config.rootfs.diff_ids[place];
    paths.push(
      ...(await unpackLayer(blob(layer.digest), { root, isPacked: layer.mediaType.endsWith('gzip'), expected })),
    );
  }
  return { root, config, paths };
}

async function requireBlob(file: string, descriptor: Descriptor): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = `sha256:${hash.digest('hex')} ${(await stat(file)).size}`;
  const expected = `${descriptor.digest} ${descriptor.size}`;
  if (found !== expected) throw new TypeError(`a blob is ${found} instead of ${expected}`);
}

async function unpackLayer(
  file: string,
  options: { readonly root: string; readonly isPacked: boolean; readonly expected: string | undefined },
): Promise<string[]> {
  const hash = createHash('sha256');
  const extract = tar.extract();
  const feeding = pipeline(
    createReadStream(file),
    options.isPacked ? createGunzip() : new PassThrough(),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    extract,
  );
  const paths: string[] = [];
  for await (const entry of extract) {
    const { name, type, mode } = entry.header;
    paths.push(name);
    const target = path.join(options.root, name);
    if (type === 'directory') {
      await mkdir(target, { recursive: true });
      entry.resume();
      continue;
    }
    await mkdir(path.dirname(target), { recursive: true });
    await pipeline(entry, createWriteStream(target, { mode }));
  }
  await feeding;
  const diffId = `sha256:${hash.digest('hex')}`;
  if (diffId !== options.expected) throw new TypeError(`a layer is ${diffId} instead of ${options.expected}`);
  return paths;
}
