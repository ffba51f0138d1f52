/**
 * Builds what a published package carries, into dist/: the command and the SDK bundled by esbuild, the engine's worker,
 * the scorer that goes into images, and declaration files. npm runs it before it packs.
 */
import { cp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleScorer } from '@edgewright/packager';
import { bundlePrograms } from './build/bundle-programs.ts';
import { emitDeclarations } from './build/emit-declarations.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = path.join(root, 'dist');

async function step(name: string, work: () => Promise<string>): Promise<void> {
  const start = performance.now();
  const result = await work();
  process.stderr.write(`${name}: ${result} (${((performance.now() - start) / 1000).toFixed(1)} s)\n`);
}

await rm(dist, { recursive: true, force: true });
await step('programs', async () => `${(await bundlePrograms(root, dist)).length} files`);
// beside the bundles, where their page-assets.ts look for them
const pages = {
  'simulator-page': 'tools/simulator/src/page/assets',
  'rollout-page': 'cloud/iothub/src/rollouts/page/assets',
};
for (const [name, assets] of Object.entries(pages)) {
  await step(name, async () => {
    await cp(path.join(root, assets), path.join(dist, name), { recursive: true });
    return `${(await readdir(path.join(dist, name))).length} files`;
  });
}
await step('scorer', async () => `${(await bundleScorer(path.join(dist, 'scorer'))).files.length} files`);
await step('types', async () => `${(await emitDeclarations(root, path.join(dist, 'types'))).length} files`);
