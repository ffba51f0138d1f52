import type { Model } from '@edgewright/contract';
import type { ModelContent } from './inspect-model.ts';
import type { RegisterModelInput } from './model-registry.ts';
import type { StagedFile } from './store/blob-folder.ts';

/** What is known of a version when its number has been taken. */
export interface NewModelParts {
  readonly input: RegisterModelInput;
  readonly files: readonly StagedFile[];
  readonly content: ModelContent;
  readonly version: number;
  readonly now: Date;
}

/** The document of a new version. */
export function newModel({ input, files, content, version, now }: NewModelParts): Model {
  const { name, description, run, frameworkVersion, resourceConfiguration, datasets = [] } = input;
  const { sampleInputDatasetId, sampleOutputDatasetId } = input;
  return {
    id: `${name}:${version}`,
    name,
    version,
    createdTime: now.toISOString(),
    ...(description === undefined ? {} : { description }),
    ...(run === undefined ? {} : { runId: run.runId, experimentName: run.experimentName }),
    tags: { ...input.tags },
    properties: { ...input.properties },
    ...(frameworkVersion === undefined ? {} : { frameworkVersion }),
    ...content,
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    files: files.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 })),
    ...(resourceConfiguration === undefined ? {} : { resourceConfiguration }),
    ...(datasets.length === 0 ? {} : { datasets: [...datasets] }),
    ...(sampleInputDatasetId === undefined ? {} : { sampleInputDatasetId }),
    ...(sampleOutputDatasetId === undefined ? {} : { sampleOutputDatasetId }),
  };
}
