import type { Platform } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';
import type { BaseImage } from './base-image.ts';
import { readLayoutBase } from './layout-base.ts';
import { readArchiveBase } from './archive-base.ts';
import { readRegistryBase } from './registry-base.ts';
import type { RegistryBaseOptions } from './registry-base.ts';
import { scratchBase } from './scratch-base.ts';

export interface ReadBaseOptions extends RegistryBaseOptions {
  /** The folder that relative paths start from. */
  readonly configDirectory: string;
  /** What the base must have. */
  readonly platforms: readonly Platform[];
}

/**
 * The base image that a configuration names.
 *
 * @param name `scratch`, `oci:PATH[:TAG]`, `docker-archive:PATH[:TAG]`, or a reference to a registry
 * @throws PackagerError `BaseImageInvalid` also when it lacks one of the platforms; `ImageInputInvalid`, `RegistryRefused`,
 *   `RegistryFailed`
 */
export async function readBaseImage(name: string, options: ReadBaseOptions): Promise<BaseImage> {
  const { platforms } = options;
  const base = await openBase(name, options);
  const lacking = platforms.filter((platform) => !base.platforms.has(platform));
  if (lacking.length === 0) return base;
  const found = [...base.platforms.keys()].join(', ');
  throw new PackagerError(
    'BaseImageInvalid',
    `cannot build on the base image "${name}": it lacks ${lacking.join(' and ')}; it is for ${found === '' ? 'no platform that edgewright knows' : found}`,
    { details: { baseImage: name, lacking, platforms: [...base.platforms.keys()] } },
  );
}

async function openBase(name: string, options: ReadBaseOptions): Promise<BaseImage> {
  if (name === 'scratch') return scratchBase;
  if (name.startsWith('oci:')) return await readLayoutBase(name, options.configDirectory);
  if (name.startsWith('docker-archive:')) return await readArchiveBase(name, options.configDirectory);
  return await readRegistryBase(name, options);
}
