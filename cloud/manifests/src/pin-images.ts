import type { BuiltDeployment } from './build-manifest.ts';
import { ManifestsError } from './manifests-error.ts';
import { templateModules } from './template-modules.ts';

/** Finds the digest of an image; undefined when nobody has it. */
export type DigestResolver = (reference: string) => Promise<string | undefined>;

/**
 * Names every image of a manifest by its digest, `name:tag@sha256:…`, so that all devices run the same bytes whatever the tag
 * comes to mean. The system modules keep their tags unless their digests are known.
 *
 * @returns the references that were pinned, as they stand now
 * @throws ManifestsError `ImageDigestUnknown` that names every image without one
 */
export async function pinImages(
  manifest: BuiltDeployment['manifest'],
  resolve: DigestResolver,
): Promise<readonly string[]> {
  const pinned: string[] = [];
  const unknown: string[] = [];
  for (const { system, settings } of templateModules(manifest)) {
    const image = String(settings['image']);
    if (image.includes('@')) continue;
    const digest = await resolve(image);
    if (digest !== undefined) {
      settings['image'] = `${image}@${digest}`;
      pinned.push(`${image}@${digest}`);
    } else if (!system) unknown.push(image);
  }
  if (unknown.length === 0) return pinned;
  throw new ManifestsError(
    'ImageDigestUnknown',
    `cannot pin ${unknown.join(', ')}: neither the workspace nor its registry has ${unknown.length === 1 ? 'it' : 'them'}`,
    { details: { images: unknown } },
  );
}
