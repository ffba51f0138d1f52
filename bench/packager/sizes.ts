import path from 'node:path';
import type { Comparison } from '../harness.ts';
import type { Plant } from './plant.ts';

const SIZE = 'amd64, compressed, without base and model';

/** What a device has to fetch and keep, apart from what both sides have in common. */
export function sizeComparison(plant: Plant): Comparison {
  return {
    metrics: [{ metric: SIZE, unit: 'MB', better: 'smaller', limit: { of: 'ours', atMost: 40 } }],
    rounds: 1,
    ours: async () => {
      await using workspace = await plant.openWorkspace(path.join(plant.folder, 'changes'));
      const { platforms } = await plant.build(workspace, 'ours/size:1');
      const layers = platforms.find(({ platform }) => platform === 'amd64')?.layers ?? [];
      const own = layers.filter(({ role }) => role !== 'base' && role !== 'model');
      return { [SIZE]: own.reduce((sum, layer) => sum + layer.sizeBytes, 0) / 1e6 };
    },
    baseline: async () => {
      await plant.docker.build('size');
      await plant.docker.push('size');
      return { [SIZE]: (await plant.docker.sizeOf('size')) / 1e6 };
    },
  };
}
