import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import type { OutputFile, Plugin } from 'esbuild';
import { bundleWithEngine } from './bundle/bundle-with-engine.ts';
import { commonOptions } from './bundle/common-options.ts';
import { quietDebug } from './bundle/quiet-debug.ts';
import { findPackageRoot } from './package-root.ts';
import { PackagerError } from './packager-error.ts';

/**
 * Azure Blob Storage goes with batches, in a chunk that only those load who read or write there. What uploads files from a device has
 * an older one of its own, asked for when it is called; that would be a third of the program, which everyone loads.
 */
const storageForBatches: Plugin = {
  name: 'storage-for-batches',
  setup(bundler) {
    bundler.onResolve({ filter: /^@azure\/storage-blob$/ }, ({ path: name, importer }) =>
      importer.includes('azure-iot-device') ? { path: name, external: true } : undefined,
    );
  },
};

/** What a bundle consists of. */
export interface ScorerBundle {
  /** Paths of the files written, relative to the output folder, sorted. */
  readonly files: readonly string[];
}

/** A file of a bundle that is in memory. */
export interface BundledFile {
  /** Relative to the bundle's folder, with `/`. */
  readonly path: string;
  readonly content: Uint8Array;
}

const PROGRAM = 'modules/scorer/src/main.ts';
/** What the scorer starts to find out how a model runs best. */
const MEASURE = 'modules/tune/src/measure/measure-main.ts';
const PREBUILT = 'dist/scorer';

/**
 * Bundles the scorer program and what the engine runs beside it into a folder, from the sources of this repository: `main.mjs`,
 * `worker.mjs`, chunks and source maps. The packager puts them into images; a published package carries them
 * prebuilt, in `dist/scorer`.
 *
 * @throws PackagerError `RuntimePackageMissing` when the sources are not there
 */
export async function bundleScorer(outDirectory: string): Promise<ScorerBundle> {
  const files = await bundleSources(findPackageRoot().directory);
  await rm(outDirectory, { recursive: true, force: true });
  await mkdir(outDirectory, { recursive: true });
  for (const file of files) await writeFile(path.join(outDirectory, file.path), file.content);
  return { files: files.map((file) => file.path) };
}

/**
 * The scorer's files: bundled from the sources in a clone, else the prebuilt ones.
 *
 * @throws PackagerError `RuntimePackageMissing`
 */
export async function loadScorer(): Promise<readonly BundledFile[]> {
  const root = findPackageRoot().directory;
  if (existsSync(path.join(root, PROGRAM))) return await bundleSources(root);
  const prebuilt = path.join(root, PREBUILT);
  const names = await readdir(prebuilt).catch((): string[] => []);
  if (!names.includes('main.mjs')) throw missing(`there is neither ${PROGRAM} nor ${PREBUILT}/main.mjs`, root);
  const files = names
    .toSorted()
    .map(async (name) => ({ path: name, content: await readFile(path.join(prebuilt, name)) }));
  return await Promise.all(files);
}

async function bundleSources(root: string): Promise<BundledFile[]> {
  if (!existsSync(path.join(root, PROGRAM))) throw missing(`there is no ${PROGRAM}`, root);
  const outputs = await buildFrom(root);
  return outputs
    .map((file) => ({ path: path.basename(file.path), content: file.contents }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function buildFrom(root: string): Promise<readonly OutputFile[]> {
  try {
    const { files } = await bundleWithEngine({
      ...commonOptions,
      absWorkingDir: root,
      entryPoints: [
        { in: PROGRAM, out: 'main' },
        { in: MEASURE, out: 'measure' },
      ],
      outdir: path.join(root, PREBUILT),
      conditions: ['edgewright-source'],
      plugins: [quietDebug, storageForBatches],
    });
    return files;
  } catch (cause) {
    throw missing(messageOf(cause), root, cause);
  }
}

function missing(reason: string, root: string, cause?: unknown): PackagerError {
  return new PackagerError('RuntimePackageMissing', `cannot bundle the scorer from "${root}": ${reason}`, {
    details: { root, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}
