import {
  imageAnnotations,
  ociMediaTypes,
  OciImageConfigSchema,
  OciIndexSchema,
  OciManifestSchema,
} from '@edgewright/contract';
import type { OciDescriptor, OciImageConfig, OciIndex, OciManifest, Platform } from '@edgewright/contract';
import { platformFrom } from './base/platform-from.ts';
import { parseImageReference } from './image-reference.ts';
import type { ImageSummary, LayerRole, PlatformSummary } from './image-summary.ts';
import { ImageLayout } from './layout/image-layout.ts';
import { PackagerError } from './packager-error.ts';

const ROLES: readonly string[] = ['node', 'runtime', 'dependencies', 'scorer', 'model', 'app'] satisfies LayerRole[];

/**
 * The images of an OCI image layout, by reference. A folder that does not exist holds none. What is in the layout without a
 * name, or is no image index, is passed over.
 *
 * @throws PackagerError `ImageInvalid`
 */
export async function listImages(layoutDirectory: string): Promise<readonly ImageSummary[]> {
  const layout = await ImageLayout.find(layoutDirectory);
  if (layout === undefined) return [];
  const images: ImageSummary[] = [];
  for (const entry of (await layout.readIndex()).manifests) {
    const reference = nameOf(entry);
    if (reference === undefined || entry.mediaType !== ociMediaTypes.index) continue;
    images.push(await summarizeImage(layout, reference, entry));
  }
  return images.sort((a, b) => (a.reference < b.reference ? -1 : 1));
}

/** An image with what its configurations say. */
export interface ImageDetails extends ImageSummary {
  readonly labels: Readonly<Record<string, string>>;
  /** How the image starts, and what its layers were made by; as it stands in the image. */
  readonly configs: readonly { readonly platform: Platform; readonly config: OciImageConfig }[];
}

/**
 * One image of a layout.
 *
 * @param text `NAME[:TAG]`
 * @throws PackagerError `ImageNotFound`, `ImageInvalid`, `ImageInputInvalid`
 */
export async function showImage(layoutDirectory: string, text: string): Promise<ImageDetails> {
  const { layout, reference, descriptor } = await findImage(layoutDirectory, text);
  const summary = await summarizeImage(layout, reference, descriptor);
  const index = (await layout.read(descriptor, OciIndexSchema)) as OciIndex;
  const configs: { platform: Platform; config: OciImageConfig }[] = [];
  for (const entry of index.manifests) {
    const platform = entry.platform === undefined ? undefined : platformFrom(entry.platform);
    if (platform === undefined) continue;
    const manifest = (await layout.read(entry, OciManifestSchema)) as OciManifest;
    configs.push({ platform, config: (await layout.read(manifest.config, OciImageConfigSchema)) as OciImageConfig });
  }
  return { ...summary, labels: index.annotations ?? {}, configs };
}

/** An image by its name. */
export interface FoundImage {
  readonly layout: ImageLayout;
  /** `NAME:TAG` */
  readonly reference: string;
  readonly descriptor: OciDescriptor;
}

/** @throws PackagerError `ImageNotFound` with the images that there are, `ImageInvalid`, `ImageInputInvalid` */
export async function findImage(layoutDirectory: string, text: string): Promise<FoundImage> {
  const reference = parseImageReference(text).text;
  const layout = await ImageLayout.find(layoutDirectory);
  const manifests = layout === undefined ? [] : (await layout.readIndex()).manifests;
  const descriptor = manifests.find((entry) => nameOf(entry) === reference);
  if (layout !== undefined && descriptor?.mediaType === ociMediaTypes.index) return { layout, reference, descriptor };
  const names = manifests.flatMap((entry) => nameOf(entry) ?? []).sort();
  throw new PackagerError(
    'ImageNotFound',
    `cannot find the image "${reference}" in "${layoutDirectory}": ${names.length === 0 ? 'no image was built there' : `there are ${names.join(', ')}`}`,
    { details: { reference, images: names } },
  );
}

function nameOf(entry: OciDescriptor): string | undefined {
  return entry.annotations?.[imageAnnotations.referenceName];
}

/** What an image index in a layout consists of. @throws PackagerError `ImageInvalid` */
export async function summarizeImage(
  layout: ImageLayout,
  reference: string,
  descriptor: OciDescriptor,
): Promise<ImageSummary> {
  const index = (await layout.read(descriptor, OciIndexSchema)) as OciIndex;
  const sizes = new Map([[descriptor.digest, descriptor.size]]);
  const platforms: PlatformSummary[] = [];
  for (const entry of index.manifests) {
    const platform = entry.platform === undefined ? undefined : platformFrom(entry.platform);
    if (platform === undefined) continue;
    const manifest = (await layout.read(entry, OciManifestSchema)) as OciManifest;
    const blobs = [entry, manifest.config, ...manifest.layers];
    for (const blob of blobs) sizes.set(blob.digest, blob.size);
    platforms.push(platformSummary(platform, entry, manifest));
  }
  const totalBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return { reference, digest: descriptor.digest, platforms, totalBytes };
}

function platformSummary(platform: Platform, entry: OciDescriptor, manifest: OciManifest): PlatformSummary {
  const blobs = [entry, manifest.config, ...manifest.layers];
  return {
    platform,
    digest: entry.digest,
    sizeBytes: blobs.reduce((sum, blob) => sum + blob.size, 0),
    layers: manifest.layers.map((layer) => ({
      role: roleOf(layer),
      digest: layer.digest,
      mediaType: layer.mediaType,
      sizeBytes: layer.size,
    })),
  };
}

function roleOf(layer: OciDescriptor): LayerRole {
  const role = layer.annotations?.[imageAnnotations.layerRole] ?? '';
  return ROLES.includes(role) ? (role as LayerRole) : 'base';
}
