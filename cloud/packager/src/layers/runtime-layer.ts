import type { Platform } from '@edgewright/contract';
import { filesOf, locatePackage, packageMissing } from './installed-package.ts';
import type { InstalledPackage } from './installed-package.ts';
import type { LayerSource } from './layer-source.ts';
import { packagesLayer } from './packages-layer.ts';
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

/** Whether a platform has native binaries; if not, only WebAssembly scores on it. */
export function hasNativeRuntime(platform: Platform): boolean {
  return nativeFolders[platform] !== undefined;
}

/**
 * The packages that run models, with the binaries of one platform only.
 *
 * @param gpu with the libraries of ONNX Runtime's providers for GPUs
 * @throws PackagerError `RuntimePackageMissing`
 */
export async function runtimeLayer(platform: Platform, kind: RuntimeKind, gpu = false): Promise<LayerSource> {
  const packages = packagesOf(platform, kind);
  const found = new Map<string, PackageFile>();
  for (const one of packages) for (const file of await filesOf(one)) found.set(file.path, file);
  if (kind === 'native') keepProviders(found, gpu);
  for (const file of await tracePackages(traced[kind] ?? [])) found.set(file.path, file);
  const title = packages.map((one) => `${one.name} ${one.version}`).join(', ');
  return packagesLayer(title, [...found.values()]);
}

/** Libraries for GPUs have hundreds of megabytes, and are there only where onnxruntime-node's install script ran. */
function keepProviders(files: Map<string, PackageFile>, gpu: boolean): void {
  const providers = [...files.keys()].filter((file) => /\/libonnxruntime_providers_\w+\.so$/.test(file));
  if (!gpu) for (const file of providers) files.delete(file);
  else if (!providers.some((file) => file.endsWith('_cuda.so'))) {
    const command = 'node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12';
    throw packageMissing(
      'onnxruntime-node',
      `its libraries for CUDA are not installed here; fetch them with "${command}"`,
    );
  }
}

function packagesOf(platform: Platform, kind: RuntimeKind): InstalledPackage[] {
  if (kind === 'native') return nativePackages(platform);
  if (kind === 'wasm') return [locatePackage('onnxruntime-web', WASM_FILES)];
  if (kind === 'grpc') return GRPC_PACKAGES.map((name) => locatePackage(name, ['package.json']));
  return [locatePackage(TFJS_WASM.name, TFJS_WASM.take)];
}

function nativePackages(platform: Platform): InstalledPackage[] {
  const folder = nativeFolders[platform];
  if (folder === undefined) throw packageMissing('onnxruntime-node', `it has no binaries for ${platform}`);
  const node = locatePackage('onnxruntime-node', ['package.json', 'dist/*.js', `${folder}/*`]);
  // its CommonJS half is enough: the scorer's own code has the rest in its bundle
  const common = locatePackage('onnxruntime-common', ['package.json', 'dist/cjs/*'], node.directory);
  return [node, common];
}
