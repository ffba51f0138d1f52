import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Platform } from '@edgewright/contract';
import { installDependencies } from '../dependencies/install-dependencies.ts';
import type { Dependencies } from '../dependencies/read-dependencies.ts';
import { APP_ROOT } from './app-layers.ts';
import type { LayerSource } from './layer-source.ts';
import { arrangeEntries } from './tar-entry.ts';
import type { FileEntry } from './tar-entry.ts';

/** Beside the entry script, where only it finds them: the scorer's own packages lie above. */
const PLACE = `${APP_ROOT}/entry/node_modules`;
/** npm's own notes, and links to programs that nobody calls. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.bin', '.package-lock.json', '.cache']);
const nodeArchitectures: Readonly<Record<Platform, string>> = { amd64: 'x64', arm64v8: 'arm64', arm32v7: 'arm' };
/** Where packages keep binaries for several platforms: prebuildify's folders, and those of onnxruntime-node. */
const BINARY_FOLDERS = [
  /(?:^|\/)prebuilds\/([a-z0-9]+)-([a-z0-9_]+)(?:\/|$)/,
  /(?:^|\/)bin\/napi-v\d+\/([a-z0-9]+)\/([a-z0-9]+)(?:\/|$)/,
];

/** The packages of `dependencies` for one platform, installed by npm. They are installed when the layer has to be written. */
export function dependenciesLayer(
  wanted: Dependencies,
  platform: Platform,
  options: { readonly cacheDirectory: string; readonly signal?: AbortSignal | undefined },
): LayerSource {
  return {
    role: 'dependencies',
    title: `packages of ${wanted.name}`,
    key: [wanted.digest, platform],
    compression: 'gzip',
    entries: async () => {
      const modules = await installDependencies(wanted, platform, options);
      const places = await readdir(modules, { recursive: true, withFileTypes: true });
      const files: FileEntry[] = [];
      for (const entry of places) {
        const source = path.join(entry.parentPath, entry.name);
        const place = path.relative(modules, source).split(path.sep).join('/');
        if (!entry.isFile() || !isWanted(place, platform)) continue;
        const { size, mode } = await stat(source);
        const executable = (mode & 0o100) !== 0;
        files.push({ type: 'file', path: `${PLACE}/${place}`, source, sizeBytes: size, executable });
      }
      return arrangeEntries(APP_ROOT, files);
    },
  };
}

/** False for npm's notes, and for binaries of other platforms. @param place below `node_modules` */
export function isWanted(place: string, platform: Platform): boolean {
  if (place.split('/').some((part) => LEFT_OUT.has(part))) return false;
  return BINARY_FOLDERS.every((pattern) => {
    const [, system, architecture] = pattern.exec(place) ?? [];
    if (system === undefined || architecture === undefined) return true;
    return system === 'linux' && architecture === nodeArchitectures[platform];
  });
}
