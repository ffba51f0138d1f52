import { existsSync, readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';
import { APP_ROOT } from './app-layers.ts';
import type { LayerSource } from './layer-source.ts';
import { arrangeEntries } from './tar-entry.ts';
import type { FileEntry } from './tar-entry.ts';
import { tracePackages } from './trace-packages.ts';
import type { PackageFile } from './trace-packages.ts';

/** What runs models: onnxruntime as native code or as WebAssembly, TensorFlow.js, or gRPC to where they run. */
export type RuntimeKind = 'native' | 'wasm' | 'tfjs' | 'grpc';

/** The folder of onnxruntime-node's binaries for each platform that has them. */
const nativeFolders: Readonly<Partial<Record<Platform, string>>> = {
  amd64: 'bin/napi-v6/linux/x64',
  arm64v8: 'bin/napi-v6/linux/arm64',
};

/**
 * The WebAssembly build: what the import `onnxruntime-web/wasm` leads to, and the two files that it loads. Two megabytes of
 * JavaScript and 14 of WebAssembly of the package's 130.
 */
const WASM_FILES = [
  'package.json',
  'dist/ort.wasm.bundle.min.mjs',
  'dist/ort-wasm-simd-threaded.mjs',
  'dist/ort-wasm-simd-threaded.wasm',
];

/** What the engine imports for models of TensorFlow.js, and the WebAssembly files that are read and not imported. */
const TFJS_PACKAGES = ['core', 'converter', 'layers', 'backend-cpu', 'backend-wasm'].map(
  (one) => `@tensorflow/tfjs-${one}`,
);
const TFJS_WASM = { name: '@tensorflow/tfjs-backend-wasm', take: ['package.json', 'dist/*.wasm'] };

/** What the engine imports for models on remote accelerators. */
const GRPC_PACKAGES = ['@grpc/grpc-js', '@grpc/proto-loader'];

/** Packages whose files are found by following their imports. */
const traced: Readonly<Partial<Record<RuntimeKind, readonly string[]>>> = { tfjs: TFJS_PACKAGES, grpc: GRPC_PACKAGES };

const require = createRequire(import.meta.url);

/** Whether a platform has native binaries; if not, only WebAssembly scores on it. */
export function hasNativeRuntime(platform: Platform): boolean {
  return nativeFolders[platform] !== undefined;
}

/**
 * The packages that run models, with the binaries of one platform only.
 *
 * @throws PackagerError `RuntimePackageMissing`
 */
export async function runtimeLayer(platform: Platform, kind: RuntimeKind): Promise<LayerSource> {
  const packages = packagesOf(platform, kind);
  const found = new Map<string, PackageFile>();
  for (const one of packages) for (const file of await filesOf(one)) found.set(file.path, file);
  for (const file of await tracePackages(traced[kind] ?? [])) found.set(file.path, file);
  const files: FileEntry[] = [];
  const stamps: unknown[] = [];
  for (const { path: place, source } of found.values()) {
    const { size, mtimeMs } = await stat(source).catch((cause: unknown) => {
      throw missing(place, messageOf(cause), cause);
    });
    files.push({ type: 'file', path: `${APP_ROOT}/node_modules/${place}`, source, sizeBytes: size });
    stamps.push([place, size, mtimeMs]);
  }
  const title = packages.map((one) => `${one.name} ${one.version}`).join(', ');
  return {
    role: 'runtime',
    title,
    // the dates of the files stand for their contents: reading 50 MB to find that nothing changed would take longer
    key: [title, stamps],
    compression: 'gzip',
    entries: async () => await Promise.resolve(arrangeEntries(APP_ROOT, files)),
  };
}

interface RuntimePackage {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
  /** Files, and folders ending in `/*.EXTENSION` or `/*`. */
  readonly take: readonly string[];
}

function packagesOf(platform: Platform, kind: RuntimeKind): RuntimePackage[] {
  if (kind === 'native') return nativePackages(platform);
  if (kind === 'wasm') return [locate('onnxruntime-web', WASM_FILES)];
  if (kind === 'grpc') return GRPC_PACKAGES.map((name) => locate(name, ['package.json']));
  return [locate(TFJS_WASM.name, TFJS_WASM.take)];
}

function nativePackages(platform: Platform): RuntimePackage[] {
  const folder = nativeFolders[platform];
  if (folder === undefined) throw missing('onnxruntime-node', `it has no binaries for ${platform}`);
  const node = locate('onnxruntime-node', ['package.json', 'dist/*.js', `${folder}/*`]);
  // its CommonJS half is enough: the scorer's own code has the rest in its bundle
  const common = locate('onnxruntime-common', ['package.json', 'dist/cjs/*'], node.directory);
  return [node, common];
}

function locate(name: string, take: readonly string[], from?: string): RuntimePackage {
  const folders = (from === undefined ? require : createRequire(`${from}/package.json`)).resolve.paths(name) ?? [];
  const directory = folders
    .map((folder) => path.join(folder, name))
    .find((folder) => existsSync(path.join(folder, 'package.json')));
  if (directory === undefined) throw missing(name, `it is in none of ${folders.slice(0, 3).join(', ')} …`);
  const { version } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as { version: string };
  return { name, version, directory, take };
}

async function filesOf(one: RuntimePackage): Promise<PackageFile[]> {
  const files: PackageFile[] = [];
  const add = (file: string): void => {
    const inside = path.relative(one.directory, file).split(path.sep).join('/');
    files.push({ source: file, path: `${one.name}/${inside}` });
  };
  for (const pattern of one.take) {
    const [folder = '', ending] = pattern.split('/*');
    if (ending === undefined) {
      add(path.join(one.directory, pattern));
      continue;
    }
    const options = { withFileTypes: true, recursive: true } as const;
    const entries = await readdir(path.join(one.directory, folder), options).catch((cause: unknown) => {
      throw missing(one.name, messageOf(cause), cause);
    });
    for (const entry of entries) {
      const isWanted = entry.isFile() && !/\.(d\.[cm]?ts|map)$/.test(entry.name) && entry.name.endsWith(ending);
      if (isWanted) add(path.join(entry.parentPath, entry.name));
    }
  }
  return files;
}

function missing(name: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError('RuntimePackageMissing', `cannot put the package ${name} into the image: ${reason}`, {
    details: { package: name, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}
