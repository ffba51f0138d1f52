import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  imageAnnotations,
  isEdgewrightError,
  ociMediaTypes,
  OciImageConfigSchema,
  OciIndexSchema,
  OciManifestSchema,
} from '@edgewright/contract';
import type { OciDescriptor, OciImageConfig, OciIndex, OciManifest, Platform } from '@edgewright/contract';
import { ImageLayout } from '../layout/image-layout.ts';
import { PackagerError } from '../packager-error.ts';
import type { BaseImage, BaseLayer, BasePlatform } from './base-image.ts';
import { platformFrom } from './platform-from.ts';

const INDEX_TYPES: readonly string[] = [ociMediaTypes.index, ociMediaTypes.dockerManifestList];
const MANIFEST_TYPES: readonly string[] = [ociMediaTypes.manifest, ociMediaTypes.dockerManifest];

/** Docker's media types by OCI's: the bytes are the same, and an OCI manifest should not mix them. */
const LAYER_TYPES: ReadonlyMap<string, string> = new Map([
  [ociMediaTypes.layer, ociMediaTypes.layer],
  [ociMediaTypes.layerGzip, ociMediaTypes.layerGzip],
  [ociMediaTypes.layerZstd, ociMediaTypes.layerZstd],
  [ociMediaTypes.dockerLayer, ociMediaTypes.layer],
  [ociMediaTypes.dockerLayerGzip, ociMediaTypes.layerGzip],
]);

/**
 * A base image from an OCI image layout on this machine.
 *
 * @param name `oci:PATH[:TAG]`, PATH relative to the folder of the configuration
 * @throws PackagerError `BaseImageInvalid`
 */
export async function readLayoutBase(name: string, configDirectory: string): Promise<BaseImage> {
  const { directory, tag } = splitName(name.slice('oci:'.length), configDirectory);
  try {
    const layout = await ImageLayout.find(directory);
    if (layout === undefined) throw refused(name, `there is no image layout in "${directory}"`);
    const root = chooseEntry(name, await layout.readIndex(), tag);
    return {
      name,
      digest: root.digest,
      platforms: await readPlatforms(name, layout, root),
      include: async (layer, target, signal) => {
        const added = await target.include(layout.blobFile(layer.descriptor.digest), layer.descriptor, signal);
        return added ? 'copied' : 'present';
      },
    };
  } catch (cause) {
    if (!isEdgewrightError(cause) || cause.code === 'BaseImageInvalid') throw cause;
    throw refused(name, cause.message, cause);
  }
}

/** A path may hold colons, so the longest one that exists is meant. */
function splitName(rest: string, configDirectory: string): { directory: string; tag?: string } {
  const whole = path.resolve(configDirectory, rest);
  const colon = rest.lastIndexOf(':');
  if (existsSync(whole) || colon <= 0) return { directory: whole };
  return { directory: path.resolve(configDirectory, rest.slice(0, colon)), tag: rest.slice(colon + 1) };
}

function chooseEntry(name: string, index: OciIndex, tag: string | undefined): OciDescriptor {
  const nameOf = (entry: OciDescriptor): string => entry.annotations?.[imageAnnotations.referenceName] ?? '';
  const fitting =
    tag === undefined
      ? index.manifests
      : index.manifests.filter((entry) => nameOf(entry) === tag || nameOf(entry).endsWith(`:${tag}`));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const names = index.manifests.map(nameOf).filter((found) => found !== '');
  const there = names.length === 0 ? `${index.manifests.length} images without a name` : names.join(', ');
  throw refused(name, `${fitting.length === 0 ? 'no image fits' : 'several images fit'}: the layout holds ${there}`);
}

async function readPlatforms(
  name: string,
  layout: ImageLayout,
  root: OciDescriptor,
): Promise<Map<Platform, BasePlatform>> {
  const platforms = new Map<Platform, BasePlatform>();
  if (MANIFEST_TYPES.includes(root.mediaType)) {
    const { platform, base } = await readManifest(name, layout, root);
    if (platform !== undefined) platforms.set(platform, base);
    return platforms;
  }
  if (!INDEX_TYPES.includes(root.mediaType)) throw refused(name, `it is no image, but ${root.mediaType}`);
  const index = (await layout.read(root, OciIndexSchema)) as OciIndex;
  for (const entry of index.manifests.filter((one) => MANIFEST_TYPES.includes(one.mediaType))) {
    const platform = entry.platform === undefined ? undefined : platformFrom(entry.platform);
    if (platform === undefined || platforms.has(platform)) continue;
    platforms.set(platform, (await readManifest(name, layout, entry)).base);
  }
  return platforms;
}

async function readManifest(
  name: string,
  layout: ImageLayout,
  descriptor: OciDescriptor,
): Promise<{ platform: Platform | undefined; base: BasePlatform }> {
  const manifest = (await layout.read(descriptor, OciManifestSchema)) as OciManifest;
  const config = (await layout.read(manifest.config, OciImageConfigSchema)) as OciImageConfig;
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw refused(name, `its manifest has ${manifest.layers.length} layers and its configuration ${diffIds.length}`);
  }
  const layers = manifest.layers.map((layer, position): BaseLayer => {
    const mediaType = LAYER_TYPES.get(layer.mediaType);
    if (mediaType === undefined)
      throw refused(name, `it has a layer of type ${layer.mediaType}, which is not known here`);
    const { digest, size } = layer;
    return { descriptor: { mediaType, digest, size }, diffId: diffIds[position] ?? '' };
  });
  return { platform: platformFrom(config), base: { layers, config } };
}

function refused(name: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError('BaseImageInvalid', `cannot build on the base image "${name}": ${reason}`, {
    details: { baseImage: name, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}
