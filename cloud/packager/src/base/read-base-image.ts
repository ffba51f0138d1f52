import type { Platform } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';
import type { BaseImage } from './base-image.ts';
import { readLayoutBase } from './layout-base.ts';
import { scratchBase } from './scratch-base.ts';

/**
 * The base image that a configuration names.
 *
 * @param name `scratch`, or `oci:PATH[:TAG]`
 * @throws PackagerError `BaseImageInvalid` also when it lacks one of the platforms
 */
export async function readBaseImage(
  name: string,
  configDirectory: string,
  platforms: readonly Platform[],
): Promise<BaseImage> {
  const base = await openBase(name, configDirectory);
  const lacking = platforms.filter((platform) => !base.platforms.has(platform));
  if (lacking.length === 0) return base;
  const found = [...base.platforms.keys()].join(', ');
  throw new PackagerError(
    'BaseImageInvalid',
    `cannot build on the base image "${name}": it lacks ${lacking.join(' and ')}; it is for ${found === '' ? 'no platform that edgewright knows' : found}`,
    { details: { baseImage: name, lacking, platforms: [...base.platforms.keys()] } },
  );
}

async function openBase(name: string, configDirectory: string): Promise<BaseImage> {
  if (name === 'scratch') return scratchBase;
  if (name.startsWith('oci:')) return await readLayoutBase(name, configDirectory);
  throw new PackagerError(
    'BaseImageInvalid',
    `cannot build on the base image "${name}": expected "scratch", or an OCI image layout as oci:PATH or oci:PATH:TAG`,
    { details: { baseImage: name } },
  );
}
