import { platforms } from '@edgewright/contract';
import type { BaseImage } from './base-image.ts';

/** Nothing at all: no shell, no C library, no Node.js. The simulator runs such images; a container engine cannot. */
export const scratchBase: BaseImage = {
  name: 'scratch',
  platforms: new Map(platforms.map((platform) => [platform, { layers: [] }])),
  include: () => {
    throw new TypeError('an empty base image has no layers');
  },
};
