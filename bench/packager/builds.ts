import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Comparison } from '../harness.ts';
import { seconds } from './plant.ts';
import type { Plant } from './plant.ts';

const COLD = 'index of 3 platforms, cold, against docker build of one';
const WARM = 'index of 3 platforms, warm, against docker build of one';

/**
 * Three platforms of ours against one of Docker's, from the same inputs. Cold means that there is no workspace yet; warm that this
 * one has built the image before. The engine builds without its cache of steps, as on a build machine that starts empty, but
 * has the base image and npm's downloads.
 */
export function buildComparisons(plant: Plant): Comparison[] {
  return [
    {
      metrics: [
        { metric: COLD, unit: 's', better: 'smaller' },
        { metric: WARM, unit: 's', better: 'smaller', goal: 5 },
      ],
      rounds: 3,
      ours: async () => {
        const folder = await mkdtemp(path.join(plant.folder, 'cold-'));
        try {
          await using workspace = await plant.openWorkspace(folder);
          const cold = await seconds(() => plant.build(workspace, 'ours/scorer:1'));
          return { [COLD]: cold, [WARM]: await seconds(() => plant.build(workspace, 'ours/scorer:1')) };
        } finally {
          await rm(folder, { recursive: true });
        }
      },
      baseline: async () => {
        const time = await seconds(() => plant.docker.build('build', true));
        return { [COLD]: time, [WARM]: time };
      },
    },
  ];
}
