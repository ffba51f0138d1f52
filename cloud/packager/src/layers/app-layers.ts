import { createHash } from 'node:crypto';
import { imagePaths } from '@edgewright/contract';
import type { ScoringConfig } from '@edgewright/contract';
import type { EntryBundle } from '../bundle-entry.ts';
import type { BundledFile } from '../bundle-scorer.ts';
import type { PackagedModel } from '../packaged-model.ts';
import type { LayerSource } from './layer-source.ts';
import { arrangeEntries } from './tar-entry.ts';
import type { BytesEntry, DirectoryEntry, TarEntry } from './tar-entry.ts';

/** The app root as tar archives write it. */
export const APP_ROOT = imagePaths.appRoot.slice(1);

/** Where a model's files are, relative to the app root. */
export function modelFolder(model: { readonly name: string; readonly version: number }): string {
  return `${imagePaths.models}/${model.name}/${model.version}`;
}

/** The scorer program: the same for every model and platform. */
export function scorerLayer(files: readonly BundledFile[], version: string): LayerSource {
  const folder = imagePaths.main.split('/')[0] ?? '';
  return bytesLayer(
    'scorer',
    `scorer ${version}`,
    files.map((file) => inApp(`${folder}/${file.path}`, file.content)),
  );
}

/** What changes most often, and so comes last: the scoring configuration and the entry script. It names the models' folders. */
export function appLayer(
  config: ScoringConfig,
  entry: EntryBundle | undefined,
  models: readonly PackagedModel[],
): LayerSource {
  const files = [
    inApp(imagePaths.scoringConfig, Buffer.from(`${JSON.stringify(config, null, 2)}\n`)),
    ...(entry?.files ?? []).map((file) => inApp(file.path, file.content)),
  ];
  const title = entry === undefined ? 'scoring configuration' : `entry script ${entry.path}`;
  return bytesLayer('app', title, [...files, ...models.flatMap(modelFolders)]);
}

/**
 * A model's files as they are: the layer's bytes depend on the model alone, so it is the same for all platforms and for
 * every version of the code, and is sent once. Not compressed, because weights hardly can be. Folders are 512 bytes each here
 * and next to none in the app layer, so that they stand there; engines that make folders of a mode of their own mend it then.
 */
export function modelLayer({ model, directory }: PackagedModel): LayerSource {
  const folder = modelFolder(model);
  return {
    role: 'model',
    title: model.id,
    key: [folder, model.files.map((file) => [file.path, file.sizeBytes, file.sha256])],
    compression: 'none',
    entries: async () => await Promise.resolve(entriesOf({ model, directory }).filter(({ type }) => type === 'file')),
  };
}

function modelFolders(packaged: PackagedModel): DirectoryEntry[] {
  return entriesOf(packaged).filter((entry) => entry.type === 'directory');
}

/** A model's files and the folders on the way to them. */
function entriesOf({ model, directory }: PackagedModel): TarEntry[] {
  const files = model.files.map((file) => ({
    type: 'file' as const,
    path: `${APP_ROOT}/${modelFolder(model)}/${file.path}`,
    source: `${directory}/${file.path}`,
    sizeBytes: file.sizeBytes,
    sha256: file.sha256,
  }));
  return arrangeEntries(APP_ROOT, files);
}

function bytesLayer(
  role: 'scorer' | 'app',
  title: string,
  entries: readonly (BytesEntry | DirectoryEntry)[],
): LayerSource {
  return {
    role,
    title,
    key: entries.map((entry) => [entry.path, entry.type === 'bytes' ? sha256(entry.content) : 'folder']),
    compression: 'gzip',
    entries: async () => await Promise.resolve(arrangeEntries(APP_ROOT, entries)),
  };
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function inApp(path: string, content: Uint8Array): BytesEntry {
  return { type: 'bytes', path: `${APP_ROOT}/${path}`, content };
}
