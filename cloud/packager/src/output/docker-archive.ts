import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, ociMediaTypes, OciIndexSchema, OciManifestSchema } from '@edgewright/contract';
import type { OciDescriptor, OciIndex, OciManifest, Platform } from '@edgewright/contract';
import { platformFrom } from '../base/platform-from.ts';
import type { TarEntry } from '../layers/tar-entry.ts';
import { writeTar } from '../layers/write-tar.ts';
import type { FoundImage } from '../list-images.ts';
import { PackagerError } from '../packager-error.ts';

/** One platform of an image as an archive. */
export interface PlatformArchive {
  readonly platform: Platform;
  /** Digest of the platform's configuration, which is what Docker calls the image's id. */
  readonly configDigest: string;
  readonly sizeBytes: number;
  /** The archive's bytes; may be called once. */
  readonly stream: (signal?: AbortSignal) => Readable;
}

/**
 * One platform of an image as `docker save` writes it, which `docker load`, podman, skopeo and containerd take; it is an OCI
 * image layout as well.
 *
 * @param name the name that it gets where it is loaded
 * @throws PackagerError `ImageInputInvalid` when the image is not for the platform, `ImageInvalid`
 */
export async function dockerArchive(image: FoundImage, name: string, wanted: Platform): Promise<PlatformArchive> {
  const { layout } = image;
  const entry = await manifestFor(image, wanted);
  const manifest = (await layout.read(entry, OciManifestSchema)) as OciManifest;
  const blobs = new Map([entry, manifest.config, ...manifest.layers].map((blob) => [blob.digest, blob]));
  const index = {
    schemaVersion: 2,
    mediaType: ociMediaTypes.index,
    manifests: [
      { ...entry, annotations: { 'org.opencontainers.image.ref.name': name, 'io.containerd.image.name': name } },
    ],
  };
  const legacy = [
    { Config: placeOf(manifest.config), RepoTags: [name], Layers: manifest.layers.map((layer) => placeOf(layer)) },
  ];
  const documents = { 'index.json': index, 'manifest.json': legacy, 'oci-layout': { imageLayoutVersion: '1.0.0' } };
  const entries: TarEntry[] = [
    ...[...blobs.values()].map((blob): TarEntry => ({
      type: 'file',
      path: placeOf(blob),
      source: layout.blobFile(blob.digest),
      sizeBytes: blob.size,
      sha256: blob.digest.replace('sha256:', ''),
    })),
    ...Object.entries(documents).map(([place, value]): TarEntry => ({
      type: 'bytes',
      path: place,
      content: Buffer.from(JSON.stringify(value)),
    })),
  ];
  const sizeBytes = [...blobs.values()].reduce((sum, blob) => sum + blob.size, 0);
  return {
    platform: wanted,
    configDigest: manifest.config.digest,
    sizeBytes,
    stream: (signal) => Readable.from(writeTar(entries, signal)),
  };
}

/** Writes an archive to a file, which is there when all of it is. @throws PackagerError `LayoutUnusable` */
export async function writeArchive(archive: PlatformArchive, file: string, signal?: AbortSignal): Promise<void> {
  const staged = path.join(path.dirname(file), `.${path.basename(file)}-${randomUUID()}`);
  try {
    await pipeline(archive.stream(signal), createWriteStream(staged, { flags: 'wx', flush: true }));
    await rename(staged, file);
  } catch (cause) {
    await rm(staged, { force: true });
    if (cause instanceof PackagerError) throw cause;
    signal?.throwIfAborted();
    throw new PackagerError('LayoutUnusable', `cannot write the archive "${file}": ${messageOf(cause)}`, {
      details: { file },
      cause,
    });
  }
}

async function manifestFor({ layout, reference, descriptor }: FoundImage, wanted: Platform): Promise<OciDescriptor> {
  const { manifests } = (await layout.read(descriptor, OciIndexSchema)) as OciIndex;
  const platformOf = (one: OciDescriptor): Platform | undefined =>
    one.platform === undefined ? undefined : platformFrom(one.platform);
  const entry = manifests.find((one) => platformOf(one) === wanted);
  if (entry !== undefined) return entry;
  const there = manifests.flatMap((one) => platformOf(one) ?? []).join(', ');
  throw new PackagerError('ImageInputInvalid', `the image "${reference}" is not for ${wanted}: it is for ${there}`, {
    details: { reference, platform: wanted, platforms: there },
  });
}

function placeOf(blob: OciDescriptor): string {
  return `blobs/${blob.digest.replace(':', '/')}`;
}
