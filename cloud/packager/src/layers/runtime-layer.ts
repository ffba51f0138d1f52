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

/** What runs models on a platform. */
export type RuntimeKind = 'native' | 'wasm';

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
  const packages = kind === 'native' ? nativePackages(platform) : [locate('onnxruntime-web', WASM_FILES)];
  const files: FileEntry[] = [];
  const stamps: unknown[] = [];
  for (const one of packages) {
    for (const file of await filesOf(one)) {
      const source = path.join(one.directory, file);
      const found = await stat(source).catch((cause: unknown) => {
        throw missing(one.name, messageOf(cause), cause);
      });
      files.push({ type: 'file', path: `${APP_ROOT}/node_modules/${one.name}/${file}`, source, sizeBytes: found.size });
      stamps.push([one.name, file, found.size, found.mtimeMs]);
    }
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

async function filesOf(one: RuntimePackage): Promise<string[]> {
  const files: string[] = [];
  for (const pattern of one.take) {
    const [folder = '', ending] = pattern.split('/*');
    if (ending === undefined) {
      files.push(pattern);
      continue;
    }
    const entries = await readdir(path.join(one.directory, folder), { withFileTypes: true, recursive: true }).catch(
      (cause: unknown) => {
        throw missing(one.name, messageOf(cause), cause);
      },
    );
    for (const entry of entries) {
      const isWanted = entry.isFile() && !/\.(d\.[cm]?ts|map)$/.test(entry.name) && entry.name.endsWith(ending);
      if (isWanted)
        files.push(path.relative(one.directory, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
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
