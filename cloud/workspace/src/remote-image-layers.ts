import { checkDocument, ociPlatforms, OciIndexSchema, OciManifestSchema, parseJson } from '@edgewright/contract';
import { imageAnnotations } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import type { ImageLayer } from '@edgewright/iothub';
import type { RegistryOptions } from '@edgewright/packager';

/**
 * The layers of an image for one platform, as its registry's manifests tell them; nothing else is read.
 *
 * @param reference `REGISTRY/REPOSITORY:TAG`, `REGISTRY/REPOSITORY@sha256:…` or both
 * @returns undefined where the reference names no registry, or the registry has no such image for the platform
 * @throws PackagerError `ImageInputInvalid`, `RegistryRefused`, `RegistryFailed` · ContractError for manifests that are none
 */
export async function remoteImageLayers(
  reference: string,
  platform: Platform,
  options: RegistryOptions = {},
): Promise<readonly ImageLayer[] | undefined> {
  const { parseImageReference, RegistryRepository } = await import('@edgewright/packager');
  const [name = reference, digest] = reference.split('@', 2);
  const { registry, repository, tag } = parseImageReference(name);
  if (registry === undefined) return undefined;
  using source = await RegistryRepository.open(`${registry}/${repository}`, options);
  const read = async (which: string) => {
    const found = await source.manifest(which);
    return found === undefined ? undefined : parseJson(Buffer.from(found.bytes).toString('utf8'), reference);
  };
  const root = await read(digest ?? tag);
  if (root === undefined) return undefined;
  const own = manifestOf(root, platform);
  const manifest = own === undefined ? root : await read(own);
  if (manifest === undefined || own === 'none') return undefined;
  const { layers } = checkDocument(OciManifestSchema, manifest, reference);
  return layers.map(({ digest: layer, size, annotations }) => {
    const role = annotations?.[imageAnnotations.layerRole];
    return { digest: layer, sizeBytes: size, ...(role === undefined ? {} : { role }) };
  });
}

/** The digest of the platform's manifest in an index; undefined for what is no index. */
function manifestOf(root: unknown, platform: Platform): string | undefined {
  if (typeof root !== 'object' || root === null || !('manifests' in root)) return undefined;
  const { manifests } = checkDocument(OciIndexSchema, root, 'the image index');
  const { os, architecture, variant } = ociPlatforms[platform];
  const fits = manifests.filter((entry) => entry.platform?.os === os && entry.platform.architecture === architecture);
  // images for arm64 often name no variant; for arm they differ
  const best =
    fits.find((entry) => entry.platform?.variant === variant) ?? (architecture === 'arm' ? undefined : fits[0]);
  return best?.digest ?? 'none';
}
