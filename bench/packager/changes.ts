import path from 'node:path';
import type { Comparison, Sample } from '../harness.ts';
import { MODEL_BYTES, seconds } from './plant.ts';
import type { Plant } from './plant.ts';

const WEIGHTS = {
  bytes: 'new weights: pushed beyond the model',
  time: 'new weights: register, build and push',
};
const SCRIPT = {
  bytes: 'new entry script: pushed',
  time: 'new entry script: build and push',
};

/**
 * A change is built and pushed to a registry that has the version before: three platforms of ours, one of Docker's, whose engine has
 * its cache of steps. Bytes are what clients send to the registry, headers included.
 */
export function changeComparisons(plant: Plant): Comparison[] {
  const folder = path.join(plant.folder, 'changes');
  let version = 0;
  const measured = async (names: typeof WEIGHTS, free: number, work: () => Promise<unknown>): Promise<Sample> => {
    const before = plant.proxy.sent;
    const time = await seconds(work);
    return { [names.bytes]: (plant.proxy.sent - before - free) / 1000, [names.time]: time };
  };
  const ours = async (names: typeof WEIGHTS, change: () => Promise<void>, free: number): Promise<Sample> => {
    await using workspace = await plant.openWorkspace(folder);
    await change();
    version += 1;
    const tag = `ours/scorer:${version}`;
    return await measured(names, free, async () => {
      if (free > 0) await workspace.models.register({ name: 'weights', path: plant.modelFile });
      const image = await plant.build(workspace, tag);
      await workspace.images.push({ image: image.reference });
    });
  };
  const docker = async (names: typeof WEIGHTS, change: () => Promise<void>, free: number): Promise<Sample> => {
    await change();
    version += 1;
    return await measured(names, free, async () => {
      await plant.docker.build(`v${version}`);
      await plant.docker.push(`v${version}`);
    });
  };
  return [
    {
      metrics: [
        { metric: WEIGHTS.bytes, unit: 'KB', better: 'smaller', limit: { of: 'ours', atMost: 20 } },
        { metric: WEIGHTS.time, unit: 's', better: 'smaller' },
      ],
      rounds: 3,
      ours: () => ours(WEIGHTS, plant.newModel, MODEL_BYTES),
      baseline: () => docker(WEIGHTS, plant.newModel, MODEL_BYTES),
    },
    {
      metrics: [
        { metric: SCRIPT.bytes, unit: 'KB', better: 'smaller', limit: { of: 'ours', atMost: 200 } },
        { metric: SCRIPT.time, unit: 's', better: 'smaller' },
      ],
      rounds: 3,
      ours: () => ours(SCRIPT, plant.newScript, 0),
      baseline: () => docker(SCRIPT, plant.newScript, 0),
    },
  ];
}
