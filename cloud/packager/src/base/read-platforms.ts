import { ociMediaTypes, OciImageConfigSchema, OciIndexSchema, OciManifestSchema } from '@edgewright/contract';
import type { OciDescriptor, OciImageConfig, OciIndex, OciManifest, Platform } from '@edgewright/contract';
import type { ImageLayout } from '../layout/image-layout.ts';
import { PackagerError } from '../packager-error.ts';
import type { BaseLayer, BasePlatform } from './base-image.ts';
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

/** Where manifests and configurations are read from; each is checked against its digest. */
export interface DocumentSource {
  read(blob: OciDescriptor, schema: Parameters<ImageLayout['read']>[1]): Promise<unknown>;
}

/**
 * The platforms of a base image, from its index or its only manifest.
 *
 * @throws PackagerError `BaseImageInvalid`, and what the source throws
 */
export async function readPlatforms(
  name: string,
  source: DocumentSource,
  root: OciDescriptor,
): Promise<Map<Platform, BasePlatform>> {
  const platforms = new Map<Platform, BasePlatform>();
  if (MANIFEST_TYPES.includes(root.mediaType)) {
    const { platform, base } = await readManifest(name, source, root);
    if (platform !== undefined) platforms.set(platform, base);
    return platforms;
  }
  if (!INDEX_TYPES.includes(root.mediaType)) throw refusedBase(name, `it is no image, but ${root.mediaType}`);
  const index = (await source.read(root, OciIndexSchema)) as OciIndex;
  for (const entry of index.manifests.filter((one) => MANIFEST_TYPES.includes(one.mediaType))) {
    const platform = entry.platform === undefined ? undefined : platformFrom(entry.platform);
    if (platform === undefined || platforms.has(platform)) continue;
    platforms.set(platform, (await readManifest(name, source, entry)).base);
  }
  return platforms;
}

async function readManifest(
  name: string,
  source: DocumentSource,
  descriptor: OciDescriptor,
): Promise<{ platform: Platform | undefined; base: BasePlatform }> {
  const manifest = (await source.read(descriptor, OciManifestSchema)) as OciManifest;
  const config = (await source.read(manifest.config, OciImageConfigSchema)) as OciImageConfig;
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw refusedBase(
      name,
      `its manifest has ${manifest.layers.length} layers and its configuration ${diffIds.length}`,
    );
  }
  const layers = manifest.layers.map((layer, position): BaseLayer => {
    const mediaType = LAYER_TYPES.get(layer.mediaType);
    if (mediaType === undefined)
      throw refusedBase(name, `it has a layer of type ${layer.mediaType}, which is not known here`);
    const { digest, size } = layer;
    return { descriptor: { mediaType, digest, size }, diffId: diffIds[position] ?? '' };
  });
  return { platform: platformFrom(config), base: { layers, config } };
}

/** A base image that cannot be used. */
export function refusedBase(name: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError('BaseImageInvalid', `cannot build on the base image "${name}": ${reason}`, {
    details: { baseImage: name, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}
