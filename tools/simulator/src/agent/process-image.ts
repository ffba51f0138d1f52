import { messageOf } from '@edgewright/contract';
import type { OciPlatform } from '@edgewright/contract';
import { findImage, findImageIfThere } from './find-image.ts';
import { unusable } from './image-layout.ts';
import type { LocatedImage } from './image-layout.ts';
import type { ImageSources } from './image-sources.ts';
import type { ModuleSpec } from './module-spec.ts';

/**
 * Gets the image of a module that runs as a process: from an OCI layout of this machine, else from its registry, else as it
 * was pulled before. With `imagePullPolicy` `never` no registry is asked.
 *
 * @throws SimulatorError `ModuleImageUnusable`
 */
export async function processImage(
  spec: Pick<ModuleSpec, 'image' | 'imagePullPolicy' | 'credentials'>,
  where: { readonly images: ImageSources; readonly platform: OciPlatform; readonly signal: AbortSignal },
): Promise<LocatedImage> {
  const { images, platform, signal } = where;
  const { registries, layouts } = images;
  const { image } = spec;
  if (registries === undefined) return await findImage(image, images, platform);
  const located = await findImageIfThere(image, images, platform);
  if (located !== undefined) return located;
  const problem =
    spec.imagePullPolicy === 'never' ? 'its imagePullPolicy is "never"' : await pull(spec, registries, signal);
  const pulled = { layouts: [registries.layoutDirectory], references: {} };
  const found = await findImageIfThere(image, pulled, platform);
  if (found !== undefined) return found;
  const known = layouts.length === 0 ? 'none is known' : layouts.join(', ');
  const text = `"${image}" is in no image layout (${known}), and was not pulled: ${problem ?? 'what the registry has under this name is another image'}`;
  throw unusable(text, { image, layouts });
}

/** Why it could not be pulled; undefined when it was. */
async function pull(
  { image, credentials }: Pick<ModuleSpec, 'image' | 'credentials'>,
  { pull: bring, layoutDirectory }: NonNullable<ImageSources['registries']>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await bring({
      // a digest after the tag is what the image found must have, not by what it is asked for
      reference: image.split('@', 1)[0] ?? image,
      layoutDirectory,
      ...(credentials !== undefined && {
        credentials: { username: credentials.username, password: credentials.password },
      }),
      signal,
    });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}
