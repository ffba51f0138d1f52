import { createHash } from 'node:crypto';
import { imagePaths } from '@edgewright/contract';
import type { ScoringConfig } from '@edgewright/contract';
import type { EntryBundle } from '../bundle-entry.ts';
import type { BundledFile } from '../bundle-scorer.ts';
import type { PackagedModel } from '../packaged-model.ts';
import type { LayerSource } from './layer-source.ts';
import { arrangeEntries } from './tar-entry.ts';
import type { BytesEntry } from './tar-entry.ts';

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

/** What changes most often, and so comes last: the scoring configuration and the entry script. */
export function appLayer(config: ScoringConfig, entry: EntryBundle | undefined): LayerSource {
  return bytesLayer('app', entry === undefined ? 'scoring configuration' : `entry script ${entry.path}`, [
    inApp(imagePaths.scoringConfig, Buffer.from(`${JSON.stringify(config, null, 2)}\n`)),
    ...(entry?.files ?? []).map((file) => inApp(file.path, file.content)),
  ]);
}

/**
 * A model's files as they are: the layer's bytes depend on the model alone, so it is the same for all platforms and for
 * every version of the code, and is sent once. Not compressed, because weights hardly can be.
 */
export function modelLayer({ model, directory }: PackagedModel): LayerSource {
  const folder = modelFolder(model);
  return {
    role: 'model',
    title: model.id,
    key: [folder, model.files.map((file) => [file.path, file.sizeBytes, file.sha256])],
    compression: 'none',
    entries: async () => {
      const files = model.files.map((file) => ({
        type: 'file' as const,
        path: `${APP_ROOT}/${folder}/${file.path}`,
        source: `${directory}/${file.path}`,
        sizeBytes: file.sizeBytes,
        sha256: file.sha256,
      }));
      return await Promise.resolve(arrangeEntries(APP_ROOT, files));
    },
  };
}

function bytesLayer(role: 'scorer' | 'app', title: string, files: readonly BytesEntry[]): LayerSource {
  return {
    role,
    title,
    key: files.map((file) => [file.path, createHash('sha256').update(file.content).digest('hex')]),
    compression: 'gzip',
    entries: async () => await Promise.resolve(arrangeEntries(APP_ROOT, files)),
  };
}

function inApp(path: string, content: Uint8Array): BytesEntry {
  return { type: 'bytes', path: `${APP_ROOT}/${path}`, content };
}
