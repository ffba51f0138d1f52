import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Model } from '@edgewright/contract';
import type { DownloadModelOptions } from './model-registry.ts';
import { ModelsError } from './models-error.ts';
import type { BlobFolder } from './store/blob-folder.ts';

const SHOWN_FILES = 20;

/**
 * Copies a model's files into a folder. All of them are there and checked before the first one takes its place.
 *
 * @throws ModelsError `TargetExists`, `ModelCorrupted`
 */
export async function downloadModel(model: Model, blobs: BlobFolder, options: DownloadModelOptions): Promise<string[]> {
  const root = path.resolve(options.targetDirectory);
  const targets = model.files.map((file) => ({ file, target: path.join(root, ...file.path.split('/')) }));
  const taken = targets.map(({ target }) => target).filter((target) => existsSync(target));
  if (taken.length > 0 && options.overwrite !== true) {
    throw new ModelsError(
      'TargetExists',
      `cannot download the model ${model.id}: "${taken[0]}" is there already${taken.length > 1 ? `, and ${taken.length - 1} more` : ''}`,
      { details: { model: model.id, files: taken.slice(0, SHOWN_FILES) } },
    );
  }
  await mkdir(root, { recursive: true });
  const staging = path.join(root, `.${model.name}-${randomUUID()}`);
  await mkdir(staging);
  try {
    const staged = targets.map(({ file, target }, place) => ({
      file,
      target,
      from: path.join(staging, String(place)),
    }));
    const { signal } = options;
    for (const { file, from } of staged) {
      await blobs.copyOut(model, file, { to: from, ...(signal === undefined ? {} : { signal }) });
    }
    for (const { target, from } of staged) {
      await mkdir(path.dirname(target), { recursive: true });
      // files in the registry are read-only; a copy is the user's own
      await chmod(from, 0o644);
      await rename(from, target);
    }
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return targets.map(({ target }) => target);
}
