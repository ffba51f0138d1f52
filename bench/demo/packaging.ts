import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { bundleScorer } from '@edgewright/packager';
import { Workspace } from 'edgewright';
import type { Comparison, Sample } from '../harness.ts';
import type { Example } from './example.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const FIRST = 'package: first build';
const AGAIN = 'package: new model version';
const BYTES = 'package: bytes of two versions';

/**
 * Packs the example for three platforms, then again with a new version of the model. The baseline is what one does
 * without a tool: a folder for each platform with the scorer bundled once, the native runtime of that platform and the
 * model, put into a tar.gz. It makes no manifests, digests or index, bundles no entry script and is not reproducible, so it does
 * less work; but it cannot share what stays the same.
 */
export async function packagingComparison(example: Example): Promise<Comparison> {
  const program = path.join(example.folder, 'program');
  await bundleScorer(program);
  let alpha = 1;
  return {
    metrics: [
      { metric: FIRST, unit: 's', better: 'smaller' },
      { metric: AGAIN, unit: 's', better: 'smaller' },
      { metric: BYTES, unit: 'MB', better: 'smaller' },
    ],
    rounds: 3,
    ours: () => withFolder(example.folder, (folder) => packWithEdgewright(example, folder, (alpha += 0.1))),
    baseline: () => withFolder(example.folder, (folder) => packWithTar(example, folder, program)),
  };
}

async function withFolder(parent: string, work: (folder: string) => Promise<Sample>): Promise<Sample> {
  const folder = await mkdtemp(path.join(parent, 'pack-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** In a new workspace: nothing is kept from earlier rounds. */
async function packWithEdgewright(example: Example, folder: string, alpha: number): Promise<Sample> {
  await using workspace = await Workspace.open(folder);
  const build = async (version: number): Promise<unknown> => {
    await workspace.models.register({ name: 'diabetes', path: example.modelFile });
    const { inferenceConfig } = example;
    return workspace.images.build({ models: [`diabetes:${version}`], inferenceConfig, tag: `diabetes:${version}` });
  };
  const first = await seconds(() => build(1));
  await example.retrain(alpha);
  const again = await seconds(() => build(2));
  return { [FIRST]: first, [AGAIN]: again, [BYTES]: (await sizeOf(workspace.folders.images)) / 1e6 };
}

async function packWithTar(example: Example, folder: string, program: string): Promise<Sample> {
  const build = async (version: number): Promise<void> => {
    for (const platform of ['x64', 'arm64', 'arm']) {
      const stage = path.join(folder, `stage-${platform}`);
      await mkdir(path.join(stage, 'models/diabetes'), { recursive: true });
      await cp(program, path.join(stage, 'scorer'), { recursive: true });
      await copyFile(example.modelFile, path.join(stage, 'models/diabetes/diabetes.onnx'));
      await copyRuntime(platform, stage);
      await run('tar', ['-czf', path.join(folder, `diabetes-${version}-${platform}.tar.gz`), '-C', stage, '.']);
      await rm(stage, { recursive: true });
    }
  };
  const first = await seconds(() => build(1));
  const again = await seconds(() => build(2));
  return { [FIRST]: first, [AGAIN]: again, [BYTES]: (await sizeOf(folder)) / 1e6 };
}

/** What runs the model: native on x64 and arm64, WebAssembly on 32-bit arm. */
async function copyRuntime(platform: string, stage: string): Promise<void> {
  const modules = path.join(stage, 'node_modules');
  if (platform === 'arm') {
    const web = path.dirname(require.resolve('onnxruntime-web'));
    await mkdir(path.join(modules, 'onnxruntime-web/dist'), { recursive: true });
    for (const name of ['ort.node.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm']) {
      await copyFile(path.join(web, name), path.join(modules, 'onnxruntime-web/dist', name));
    }
    return;
  }
  const native = path.dirname(require.resolve('onnxruntime-node/package.json'));
  const binaries = `bin/napi-v6/linux/${platform}`;
  await cp(path.join(native, 'dist'), path.join(modules, 'onnxruntime-node/dist'), { recursive: true });
  await cp(path.join(native, binaries), path.join(modules, 'onnxruntime-node', binaries), { recursive: true });
  await copyFile(path.join(native, 'package.json'), path.join(modules, 'onnxruntime-node/package.json'));
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (file) => (await stat(path.join(file.parentPath, file.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
