import { stat } from 'node:fs/promises';
import { BASELINE_FILE } from '@edgewright/contract';
import { inspectModel } from './inspect-model.ts';
import type { ModelContent } from './inspect-model.ts';
import type { RegisterModelInput } from './model-registry.ts';
import { collectModelFiles } from './store/collect-model-files.ts';

/** What files would be as a model. */
export interface ModelLook extends ModelContent {
  /** The absolute path of the file that is loaded, when it is clear which one that is. */
  readonly mainPath?: string;
}

/**
 * Says what files would be as a model, without registering them.
 *
 * @throws ModelsError `ModelFileInvalid`
 */
export async function lookAtModel(
  input: Pick<RegisterModelInput, 'path' | 'childPaths' | 'framework'>,
): Promise<ModelLook> {
  const sources = await collectModelFiles(input.path, input.childPaths);
  const files = await Promise.all(
    sources
      .filter(({ path }) => path !== BASELINE_FILE)
      .map(async ({ source, path }) => ({ path, stagedAt: source, sizeBytes: (await stat(source)).size, sha256: '' })),
  );
  const content = inspectModel(input.path, files, input.framework);
  const main = files.find(({ path }) => path === content.mainFile);
  return { ...content, ...(main === undefined ? {} : { mainPath: main.stagedAt }) };
}
