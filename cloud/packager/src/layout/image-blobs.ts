import { ociMediaTypes, OciIndexSchema, OciManifestSchema } from '@edgewright/contract';
import type { OciDescriptor, OciIndex, OciManifest } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';
import type { ImageLayout } from './image-layout.ts';

const INDEX_TYPES: readonly string[] = [ociMediaTypes.index, ociMediaTypes.dockerManifestList];

/**
 * Everything that an index or a manifest consists of, itself included, each blob once.
 *
 * @throws PackagerError `ImageInvalid` when a manifest is not there or not what its digest says
 */
export async function imageBlobs(
  layout: ImageLayout,
  root: OciDescriptor,
): Promise<ReadonlyMap<string, OciDescriptor>> {
  const blobs = new Map([[root.digest, root]]);
  const manifests = INDEX_TYPES.includes(root.mediaType)
    ? ((await layout.read(root, OciIndexSchema)) as OciIndex).manifests
    : [root];
  for (const entry of manifests) {
    blobs.set(entry.digest, entry);
    const { config, layers } = (await layout.read(entry, OciManifestSchema)) as OciManifest;
    for (const blob of [config, ...layers]) blobs.set(blob.digest, blob);
  }
  return blobs;
}

/**
 * Gives an image its name, once all of it is there: another process may have deleted an image with which it shares layers.
 *
 * @throws PackagerError `LayoutUnusable` when something was deleted meanwhile
 */
export async function nameImage(layout: ImageLayout, reference: string, root: OciDescriptor): Promise<void> {
  const blobs = await imageBlobs(layout, root);
  for (const blob of blobs.values()) {
    if (await layout.has(blob)) continue;
    throw new PackagerError(
      'LayoutUnusable',
      `cannot complete the image "${reference}" in "${layout.directory}": the blob ${blob.digest} was deleted by another process meanwhile; run the command again`,
      { details: { reference, digest: blob.digest } },
    );
  }
  await layout.tag(reference, root);
}
