import { existsSync } from 'node:fs';
import path from 'node:path';
import { imageAnnotations, isEdgewrightError } from '@edgewright/contract';
import type { OciDescriptor, OciIndex } from '@edgewright/contract';
import { ImageLayout } from '../layout/image-layout.ts';
import type { BaseImage } from './base-image.ts';
import { readPlatforms, refusedBase } from './read-platforms.ts';

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
    if (layout === undefined) throw refusedBase(name, `there is no image layout in "${directory}"`);
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
    throw refusedBase(name, cause.message, cause);
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
  throw refusedBase(
    name,
    `${fitting.length === 0 ? 'no image fits' : 'several images fit'}: the layout holds ${there}`,
  );
}
