import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Bench } from './harness.ts';
import { changeComparisons } from './packager/changes.ts';
import { buildComparisons } from './packager/builds.ts';
import { registryComparison } from './packager/model-registry.ts';
import { openPlant } from './packager/plant.ts';
import { sizeComparison } from './packager/sizes.ts';

/**
 * What it takes to make an image and to bring a change of it to a registry, against a plain Dockerfile with `npm ci`; and the model
 * registry against `cp` and `sha256sum`. Needs a Docker Engine (`DOCKER_HOST`), docker-registry, mmdebstrap as root, and
 * npm's registry.
 */
export async function packagerBench(): Promise<Bench> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const plant = cleanup.use(await openPlant(folder));
  const comparisons = [
    ...buildComparisons(plant),
    ...changeComparisons(plant),
    sizeComparison(plant),
    await registryComparison(folder),
  ];
  const closing = cleanup.move();
  return { comparisons, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}
