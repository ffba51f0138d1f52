import path from 'node:path';
import { discardEvents, OciIndexSchema, platformOf } from '@edgewright/contract';
import type { EventSink, OciIndex, Platform } from '@edgewright/contract';
import { platformFrom } from './base/platform-from.ts';
import { parseImageReference } from './image-reference.ts';
import { imageBlobs, nameImage } from './layout/image-blobs.ts';
import { ImageLayout } from './layout/image-layout.ts';
import { findImage } from './list-images.ts';
import type { FoundImage } from './list-images.ts';
import { dockerArchive, writeArchive } from './output/docker-archive.ts';
import { DockerEngine } from './output/docker-engine.ts';
import type { DockerEngineOptions } from './output/docker-engine.ts';
import { PackagerError } from './packager-error.ts';

export interface ExportImageOptions {
  readonly layoutDirectory: string;
  /** The image in the layout, `NAME:TAG`. */
  readonly image: string;
  /** `docker-archive:FILE`, `docker-daemon:[NAME:TAG]` or `oci:FOLDER[:TAG]`. */
  readonly target: string;
  /** Which platform goes into an archive or an engine; default: the engine's own, this machine's, or the only one. */
  readonly platform?: Platform;
  /** The folder that relative paths in `target` start from. */
  readonly directory: string;
  /** This machine's processor, as Node.js names it. */
  readonly architecture: string;
  readonly engine?: DockerEngineOptions;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

export interface ExportedImage {
  /** Where the image is now. */
  readonly target: string;
  /** Of the index; of the configuration where only one platform was taken. */
  readonly digest: string;
  /** Undefined when all platforms were taken. */
  readonly platform?: Platform;
  readonly sizeBytes: number;
}

/**
 * Gives an image of a layout to what is not a registry: a file that `docker load` takes, a Docker Engine, or another OCI
 * image layout.
 *
 * Events: `image.export`.
 *
 * @throws PackagerError `ImageNotFound`, `ImageInvalid`, `ImageInputInvalid`, `DockerFailed`, `LayoutUnusable`
 */
export async function exportImage(options: ExportImageOptions): Promise<ExportedImage> {
  const found = await findImage(options.layoutDirectory, options.image);
  const [kind = '', ...parts] = options.target.split(':');
  const rest = parts.join(':');
  const exported = await exportTo(kind, rest, { options, found });
  const emit = options.emit ?? discardEvents;
  const text = `Wrote ${found.reference} to ${exported.target}`;
  emit({ stage: 'image.export', state: 'done', text, data: { ...exported } });
  return exported;
}

interface ExportContext {
  readonly options: ExportImageOptions;
  readonly found: FoundImage;
}

async function exportTo(kind: string, rest: string, context: ExportContext): Promise<ExportedImage> {
  const { options, found } = context;
  if (kind === 'oci') return await toLayout(rest, context);
  if (kind === 'docker-archive' && rest !== '') {
    const file = path.resolve(options.directory, rest);
    const platform = await choosePlatform(context, platformOf(options.architecture));
    const archive = await dockerArchive(found, found.reference, platform);
    await writeArchive(archive, file, options.signal);
    return { target: `docker-archive:${file}`, digest: archive.configDigest, platform, sizeBytes: archive.sizeBytes };
  }
  if (kind === 'docker-daemon') {
    const name = rest === '' ? found.reference : parseImageReference(rest).text;
    const engine = new DockerEngine(options.engine);
    const platform = await choosePlatform(context, await engine.platform());
    const archive = await dockerArchive(found, name, platform);
    await engine.load(archive, name, options.signal);
    return { target: `docker-daemon:${name}`, digest: archive.configDigest, platform, sizeBytes: archive.sizeBytes };
  }
  throw new PackagerError(
    'ImageInputInvalid',
    `cannot write the image "${found.reference}" to "${options.target}": expected docker-archive:FILE, docker-daemon: or oci:FOLDER[:TAG]`,
    { details: { target: options.target } },
  );
}

/** The platform asked for, else the one that the target runs, else the only one. */
async function choosePlatform({ options, found }: ExportContext, usual: Platform | undefined): Promise<Platform> {
  if (options.platform !== undefined) return options.platform;
  const { manifests } = (await found.layout.read(found.descriptor, OciIndexSchema)) as OciIndex;
  const there = manifests.flatMap((one) => (one.platform === undefined ? [] : (platformFrom(one.platform) ?? [])));
  const chosen = there.find((one) => one === usual) ?? (there.length === 1 ? there[0] : undefined);
  if (chosen !== undefined) return chosen;
  throw new PackagerError(
    'ImageInputInvalid',
    `cannot choose a platform of the image "${found.reference}": it is for ${there.join(', ')}; name one with --platform`,
    { details: { reference: found.reference, platforms: there } },
  );
}

async function toLayout(rest: string, { options, found }: ExportContext): Promise<ExportedImage> {
  const colon = rest.lastIndexOf(':');
  const folder = path.resolve(options.directory, colon <= 0 ? rest : rest.slice(0, colon));
  const tag = colon <= 0 ? found.reference : rest.slice(colon + 1);
  const target = await ImageLayout.open(folder);
  let sizeBytes = 0;
  for (const blob of (await imageBlobs(found.layout, found.descriptor)).values()) {
    sizeBytes += blob.size;
    await target.include(found.layout.blobFile(blob.digest), blob, options.signal);
  }
  const { annotations: _, ...descriptor } = found.descriptor;
  await nameImage(target, tag, descriptor);
  return { target: `oci:${folder}:${tag}`, digest: descriptor.digest, sizeBytes };
}
