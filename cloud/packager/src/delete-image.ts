import { rm } from 'node:fs/promises';
import { imageAnnotations } from '@edgewright/contract';
import type { OciDescriptor } from '@edgewright/contract';
import { imageBlobs } from './layout/image-blobs.ts';
import type { ImageLayout } from './layout/image-layout.ts';
import { findImage } from './list-images.ts';

/** What was deleted. */
export interface DeletedImage {
  readonly reference: string;
  readonly digest: string;
  /** Bytes that are free now; layers of other images stay. */
  readonly freedBytes: number;
}

/**
 * Deletes an image from a layout, with what belongs to it (signatures, SBOM …) and all blobs that no other image has.
 *
 * @param text `NAME[:TAG]`
 * @throws PackagerError `ImageNotFound`, `ImageInvalid` (then nothing is deleted), `LayoutUnusable`
 */
export async function deleteImage(layoutDirectory: string, text: string): Promise<DeletedImage> {
  const { layout, reference, descriptor } = await findImage(layoutDirectory, text);
  let used: ReadonlySet<string> = new Set();
  let freedBytes = 0;
  await layout.changeIndex(
    async (manifests) => {
      const left = withoutImage(manifests, reference);
      used = await blobsOf(layout, left);
      return left;
    },
    async () => {
      freedBytes = await sweep(layout, used);
    },
  );
  return { reference, digest: descriptor.digest, freedBytes };
}

/** The list without an image, and without what belonged to it, unless the image has another name as well. */
function withoutImage(manifests: readonly OciDescriptor[], reference: string): OciDescriptor[] {
  const nameOf = (entry: OciDescriptor): string | undefined => entry.annotations?.[imageAnnotations.referenceName];
  const subjectOf = (entry: OciDescriptor): string | undefined => entry.annotations?.[imageAnnotations.subject];
  const images = manifests.filter((entry) => subjectOf(entry) === undefined && nameOf(entry) !== reference);
  const left = new Set(images.map((entry) => entry.digest));
  const artifacts = manifests.filter((entry) => left.has(subjectOf(entry) ?? ''));
  return [...images, ...artifacts];
}

/** Read before anything is changed: while one image cannot be read, it is not known what may go. */
async function blobsOf(layout: ImageLayout, manifests: readonly OciDescriptor[]): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  for (const entry of manifests) for (const digest of (await imageBlobs(layout, entry)).keys()) used.add(digest);
  return used;
}

/** Removes blobs that nothing uses. @returns how many bytes they had */
async function sweep(layout: ImageLayout, used: ReadonlySet<string>): Promise<number> {
  let freedBytes = 0;
  for (const digest of await layout.blobs()) {
    if (used.has(digest)) continue;
    freedBytes += await layout.sizeOf(digest);
    await rm(layout.blobFile(digest), { force: true });
  }
  return freedBytes;
}
