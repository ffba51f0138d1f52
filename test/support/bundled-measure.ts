import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleWithEngine } from '@edgewright/packager';
import { onTestFinished } from 'vitest';

/** The program of a candidate as images carry it: it starts in a fifth of the time that the sources take. Gone with the test. */
export async function bundledMeasure(): Promise<URL> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  // inside node_modules, from where the runtimes that stay outside the bundle are found
  const cache = path.join(root, 'node_modules/.cache/edgewright');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, 'measure-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await bundleWithEngine({
    absWorkingDir: root,
    entryPoints: { measure: 'modules/tune/src/measure/measure-main.ts' },
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    conditions: ['edgewright-source'],
    external: ['onnxruntime-node', 'onnxruntime-web', 'onnxruntime-web/*', '@tensorflow/*', '@grpc/*', 'sharp'],
  });
  return pathToFileURL(path.join(folder, 'measure.mjs'));
}
