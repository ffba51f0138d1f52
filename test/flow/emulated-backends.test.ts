import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serialize } from 'node:v8';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Backend, Platform } from '@edgewright/contract';
import { openModelRegistry } from '@edgewright/models';
import { buildImage } from '@edgewright/packager';
import { makeBaseImage, sharedBuildCache } from '../support/base-image.ts';
import { conformanceCases } from '../support/conformance/conformance-cases.ts';
import type { ConformanceCase } from '../support/conformance/conformance-cases.ts';
import { need } from '../support/need.ts';
import { affineOnnx } from '../support/tiny-models.ts';

// The backends on the processors of edge devices: the cases of same-numbers.flow.test.ts, in the root of an image, under
// qemu's emulation of programs. The emulator is called by its name, so the kernel need not know of it.

const run = promisify(execFile);
const APP = 'var/azureml-app';
const program = fileURLToPath(new URL('../support/conformance/conformance-main.ts', import.meta.url));
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-emulated-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** An image with Node.js and the runtimes of some backends, as a folder that stands for its root. */
async function unpackedImage(platform: Platform, backend: Backend, mmdebstrap: string): Promise<string> {
  const work = path.join(folder, platform);
  const root = path.join(work, 'root');
  await mkdir(path.join(root, 'proc'), { recursive: true });
  await using registry = await openModelRegistry(path.join(work, 'models'));
  await writeFile(path.join(work, 'affine.onnx'), affineOnnx());
  const model = await registry.register({ name: 'affine', path: path.join(work, 'affine.onnx') });
  const layout = path.join(work, 'images');
  const image = await buildImage({
    models: [{ model, directory: await registry.directoryOf(model) }],
    config: { backend, baseImage: await makeBaseImage(mmdebstrap, [platform]), nodeRuntime: 'bundled' },
    configDirectory: work,
    layoutDirectory: layout,
    cacheDirectory: sharedBuildCache(),
    tag: 'affine:1',
    platforms: [platform],
  });
  const blob = (digest: string): string => path.join(layout, 'blobs', digest.replace(':', '/'));
  const index = JSON.parse(await readFile(blob(image.digest), 'utf8')) as { manifests: { digest: string }[] };
  const manifest = JSON.parse(await readFile(blob(index.manifests[0]?.digest ?? ''), 'utf8')) as {
    layers: { digest: string }[];
  };
  // tar itself, because a base of Debian has links
  for (const { digest } of manifest.layers) await run('tar', ['-xf', blob(digest), '-C', root]);
  return root;
}

/** Bundles the program that runs the cases, and puts it where the scorer's is. */
async function placeProgram(root: string, cases: readonly ConformanceCase[]): Promise<void> {
  await build({
    entryPoints: [program],
    outfile: path.join(root, APP, 'conformance.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['edgewright-source'],
    external: ['onnxruntime-node', 'onnxruntime-web', 'onnxruntime-web/*'],
    banner: {
      js: "import { createRequire as __create } from 'node:module'; const require = __create(import.meta.url);",
    },
  });
  await writeFile(path.join(root, APP, 'cases.bin'), serialize(cases));
  // older emulators show this machine's own, by which ONNX Runtime's reader of it loses its way
  await writeFile(path.join(root, 'proc/cpuinfo'), 'processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n\n');
  await mkdir(path.join(root, 'tmp'), { recursive: true });
}

it.for([
  { platform: 'arm64v8', backend: 'onnx', emulator: 'qemu-aarch64-static' },
  { platform: 'arm32v7', backend: 'wasm', emulator: 'qemu-arm-static' },
] as const)(
  'the backend $backend gives the same numbers on $platform',
  { timeout: 600_000 },
  async ({ platform, backend, emulator }, context) => {
    const mmdebstrap = await need(context, 'mmdebstrap');
    const qemu = await need(context, emulator);
    const root = await unpackedImage(platform, backend, mmdebstrap.executable);
    const cases = await conformanceCases('onnx');
    await placeProgram(root, cases);
    await copyFile(qemu.executable, path.join(root, 'emulator'));
    const command = ['/emulator', '/usr/local/bin/node', `/${APP}/conformance.mjs`, `/${APP}/cases.bin`, backend];
    const { stdout } = await run('chroot', [root, ...command], { timeout: 500_000 });
    const results = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as object); // prettier-ignore
    expect(results).toEqual(cases.map(({ name }) => ({ name, differences: [] })));
  },
);
