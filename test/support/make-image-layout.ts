import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';

/** A small image for one platform. */
export interface MadePlatform {
  readonly os?: string;
  readonly architecture: string;
  readonly variant?: string;
  /** The files of each layer. */
  readonly layers: readonly Readonly<Record<string, string>>[];
  /** What each layer is for, as edgewright marks it. */
  readonly roles?: readonly string[];
  /** Adds a layer of so many bytes, none of which has meaning, nor takes room on the disk. */
  readonly largeLayerBytes?: number;
  /** The `config` of the image configuration. */
  readonly config?: object;
}

export interface MadeImage {
  /** What the layout's index calls it; without one it has no name there. */
  readonly name?: string;
  readonly platforms: readonly MadePlatform[];
  /** A single manifest instead of an index. */
  readonly flat?: boolean;
  /** Annotations of the index. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Docker's media types instead of OCI's. */
  readonly docker?: boolean;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const OCI = 'application/vnd.oci.image';
const DOCKER = 'application/vnd.docker';

/** Writes an OCI image layout with some small images, as other tools would. */
export async function makeImageLayout(directory: string, images: readonly MadeImage[]): Promise<void> {
  await mkdir(path.join(directory, 'blobs/sha256'), { recursive: true });
  const manifests: object[] = [];
  for (const image of images) {
    const entries: object[] = [];
    for (const platform of image.platforms) {
      const descriptor = await addManifest(directory, platform, image.docker === true);
      const { os = 'linux', architecture, variant } = platform;
      entries.push({ ...descriptor, platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } });
    }
    const type = image.docker === true ? `${DOCKER}.distribution.manifest.list.v2+json` : `${OCI}.index.v1+json`;
    const root =
      image.flat === true
        ? entries[0]
        : await addJson(directory, type, {
            schemaVersion: 2,
            mediaType: type,
            manifests: entries,
            annotations: image.annotations,
          });
    const annotations = image.name === undefined ? {} : { 'org.opencontainers.image.ref.name': image.name };
    manifests.push({ ...root, annotations });
  }
  await writeFile(path.join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  await writeFile(path.join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

async function addManifest(directory: string, platform: MadePlatform, docker: boolean): Promise<Descriptor> {
  const layers: Descriptor[] = [];
  const diffIds: string[] = [];
  for (const [place, files] of platform.layers.entries()) {
    const plain = await tarOf(files);
    diffIds.push(digestOf(plain));
    const type = docker ? `${DOCKER}.image.rootfs.diff.tar.gzip` : `${OCI}.layer.v1.tar+gzip`;
    const role = platform.roles?.[place];
    const annotations = role === undefined ? {} : { annotations: { 'net.edgewright.layer.role': role } };
    layers.push({ ...(await addBlob(directory, type, gzipSync(plain))), ...annotations });
  }
  if (platform.largeLayerBytes !== undefined) {
    const large = await addSparseBlob(directory, `${OCI}.layer.v1.tar`, platform.largeLayerBytes);
    diffIds.push(large.digest);
    layers.push(large);
  }
  const { os = 'linux', architecture, variant, config = {} } = platform;
  const image = {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    config,
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: layers.map((_, index) => ({ created_by: `base ${index}` })),
  };
  const configType = docker ? `${DOCKER}.container.image.v1+json` : `${OCI}.config.v1+json`;
  const type = docker ? `${DOCKER}.distribution.manifest.v2+json` : `${OCI}.manifest.v1+json`;
  const manifest = { schemaVersion: 2, mediaType: type, config: await addJson(directory, configType, image), layers };
  return await addJson(directory, type, manifest);
}

async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const pack = tar.pack();
  for (const [name, content] of Object.entries(files)) pack.entry({ name, mtime: new Date(0) }, content);
  pack.finalize();
  return Buffer.concat(await Array.fromAsync(pack as AsyncIterable<Uint8Array>));
}

async function addJson(directory: string, mediaType: string, value: object): Promise<Descriptor> {
  return await addBlob(directory, mediaType, Buffer.from(JSON.stringify(value)));
}

async function addBlob(directory: string, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
  const digest = digestOf(bytes);
  await writeFile(path.join(directory, 'blobs', digest.replace(':', '/')), bytes);
  return { mediaType, digest, size: bytes.length };
}

async function addSparseBlob(directory: string, mediaType: string, size: number): Promise<Descriptor> {
  const file = path.join(directory, 'sparse');
  await writeFile(file, '');
  await truncate(file, size);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1_048_576 }), hash);
  const digest = `sha256:${hash.digest('hex')}`;
  await rename(file, path.join(directory, 'blobs', digest.replace(':', '/')));
  return { mediaType, digest, size };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
