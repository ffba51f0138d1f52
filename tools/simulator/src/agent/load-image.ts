import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import type { Pack } from 'tar-stream';
import { messageOf } from '@edgewright/contract';
import { blobPath, unusable } from './image-layout.ts';
import type { LocatedImage } from './image-layout.ts';

export interface LoadImageOptions {
  readonly docker: Docker;
  /** The name that it gets in the engine. */
  readonly tag: string;
  /** For layers that engines do not unpack themselves. */
  readonly temporaryDirectory: string;
  readonly signal: AbortSignal;
}

/**
 * Brings an image from an OCI layout into a Docker Engine, in the form of `docker save`, which every engine reads.
 *
 * @throws SimulatorError `ModuleImageUnusable` when the engine refuses it
 */
export async function loadImage(image: LocatedImage, options: LoadImageOptions): Promise<void> {
  const { docker, tag, temporaryDirectory, signal } = options;
  const directory = await mkdtemp(path.join(temporaryDirectory, 'edgewright-load-'));
  try {
    const archive = pack();
    const written = write(archive, image, { tag, directory, signal });
    written.catch((error: unknown) => archive.destroy(error as Error));
    const answer = await docker.loadImage(Readable.from(archive), { quiet: true, abortSignal: signal });
    await written;
    await followed(docker, answer);
  } catch (cause) {
    signal.throwIfAborted();
    const text = `the Docker Engine does not take "${image.reference}": ${messageOf(cause)}`;
    throw unusable(text, { image: image.reference, layout: image.layoutDirectory }, cause);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function write(
  archive: Pack,
  image: LocatedImage,
  { tag, directory, signal }: { readonly tag: string; readonly directory: string; readonly signal: AbortSignal },
): Promise<void> {
  const layers: string[] = [];
  for (const { digest, mediaType } of image.layers) {
    const blob = blobPath(image.layoutDirectory, digest);
    const name = `${digest.slice('sha256:'.length)}.tar`;
    if (!layers.includes(name)) {
      const file = mediaType.endsWith('+zstd') ? await decompressed(blob, path.join(directory, name), signal) : blob;
      await append(archive, name, file);
    }
    layers.push(name);
  }
  const config = `${image.configDigest.slice('sha256:'.length)}.json`;
  await append(archive, config, blobPath(image.layoutDirectory, image.configDigest));
  archive.entry({ name: 'manifest.json' }, JSON.stringify([{ Config: config, RepoTags: [tag], Layers: layers }]));
  archive.finalize();
}

async function append(archive: Pack, name: string, file: string): Promise<void> {
  const { size } = await stat(file);
  await pipeline(createReadStream(file), archive.entry({ name, size }));
}

async function decompressed(blob: string, file: string, signal: AbortSignal): Promise<string> {
  await pipeline(createReadStream(blob), createZstdDecompress(), createWriteStream(file), { signal });
  return file;
}

/** Waits for the end of what an engine reports; throws the failure that stands in it. */
export async function followed(docker: Docker, progress: NodeJS.ReadableStream): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  docker.modem.followProgress(progress, (error, lines: { error?: string }[]) => {
    const failed = error ?? lines.find((line) => line.error !== undefined)?.error;
    if (failed === undefined || failed === null) resolve();
    else reject(failed instanceof Error ? failed : new TypeError(failed));
  });
  await promise;
}
