import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { imagePaths } from '@edgewright/contract';
import type { InferenceConfig } from '@edgewright/contract';
import { bundleEntry } from './bundle-entry.ts';
import { loadScorer } from './bundle-scorer.ts';
import { checkModels } from './config/check-build.ts';
import { readWarmUp } from './config/read-warm-up.ts';
import { scoringConfigOf } from './config/scoring-config.ts';
import { readDependencies } from './dependencies/read-dependencies.ts';
import type { Dependencies } from './dependencies/read-dependencies.ts';
import { modelFolder } from './layers/app-layers.ts';
import { findPackageRoot } from './package-root.ts';
import type { PackagedModel } from './packaged-model.ts';
import { PackagerError } from './packager-error.ts';

export interface LayOutAppOptions {
  readonly models: readonly PackagedModel[];
  readonly config: InferenceConfig;
  /** The folder that relative paths in `config` start from. */
  readonly configDirectory: string;
  /** The folder to make. What is there already is replaced. */
  readonly directory: string;
}

/** An app root on this machine. */
export interface LaidOutApp {
  /** What AML_APP_ROOT is to be. */
  readonly directory: string;
  /** The scorer's program inside, for Node.js. */
  readonly program: string;
}

/** A package that all who score need; where it is, the other runtimes are. */
const RUNTIME_PACKAGE = 'onnxruntime-web';

/**
 * Lays out the app root of an image as a folder of this machine: the same scorer, scoring configuration, entry script and
 * models, in the same places. The runtimes are those that edgewright itself was installed with.
 *
 * @throws PackagerError `ImageInputInvalid`, `EntryScriptInvalid`, `DependenciesInvalid`, `RuntimePackageMissing`
 */
export async function layOutApp(options: LayOutAppOptions): Promise<LaidOutApp> {
  checkModels(options.models);
  const dependencies = await readDependencies(options.config.dependencies, options.configDirectory);
  const [scorer, entry, warmUp] = await Promise.all([
    loadScorer(),
    bundleEntry(options.config, options.configDirectory, dependencies?.packages),
    readWarmUp(options.config.warmUp, options.configDirectory),
  ]);
  const directory = path.resolve(options.directory);
  const draft = `${directory}.draft`;
  await rm(draft, { recursive: true, force: true });
  const config = scoringConfigOf(options.models, options.config, { entry, warmUp });
  await writeInto(draft, imagePaths.scoringConfig, Buffer.from(`${JSON.stringify(config, null, 2)}\n`));
  const scorerFolder = path.dirname(imagePaths.main);
  for (const file of scorer) await writeInto(draft, `${scorerFolder}/${file.path}`, file.content);
  for (const file of entry?.files ?? []) await writeInto(draft, file.path, file.content);
  for (const model of options.models) await placeModel(draft, model);
  if (dependencies !== undefined) await linkDependencies(draft, dependencies);
  await symlink(findRuntimes(), path.join(draft, 'node_modules'), 'junction');
  await rm(directory, { recursive: true, force: true });
  await rename(draft, directory);
  return { directory, program: path.join(directory, imagePaths.main) };
}

async function writeInto(root: string, file: string, content: Uint8Array): Promise<void> {
  const target = path.join(root, file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, content);
}

/** Weights can be large, and never change: a second name will do where the file system gives one. */
async function placeModel(root: string, { model, directory }: PackagedModel): Promise<void> {
  for (const file of model.files) {
    const target = path.join(root, modelFolder(model), file.path);
    const source = path.join(directory, file.path);
    await mkdir(path.dirname(target), { recursive: true });
    await link(source, target).catch(() => copyFile(source, target));
  }
}

/** This machine's own installation: what an image gets is installed for its platform. */
async function linkDependencies(root: string, { name, directory }: Dependencies): Promise<void> {
  const modules = path.join(directory, 'node_modules');
  if (!existsSync(modules)) {
    const message = `cannot take the packages of "${name}" ($.dependencies): they are not installed here; run "npm ci" in "${directory}"`;
    throw new PackagerError('DependenciesInvalid', message, { details: { file: name, directory } });
  }
  await mkdir(path.join(root, 'entry'), { recursive: true });
  await symlink(modules, path.join(root, 'entry', 'node_modules'), 'junction');
}

function findRuntimes(): string {
  const { directory: root } = findPackageRoot();
  for (let directory = root; ; directory = path.dirname(directory)) {
    const modules = path.join(directory, 'node_modules');
    if (existsSync(path.join(modules, RUNTIME_PACKAGE, 'package.json'))) return modules;
    if (path.dirname(directory) === directory) {
      throw new PackagerError('RuntimePackageMissing', `cannot find the package ${RUNTIME_PACKAGE} above "${root}"`, {
        details: { package: RUNTIME_PACKAGE, root },
      });
    }
  }
}
