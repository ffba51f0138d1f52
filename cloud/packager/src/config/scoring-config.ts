import type { InferenceConfig, ScoringConfig } from '@edgewright/contract';
import type { PackagedModel } from '../packaged-model.ts';
import type { EntryBundle } from '../bundle-entry.ts';
import { modelFolder } from '../layers/app-layers.ts';

/** What the scorer in the image is to serve: `edgewright.json`. */
export function scoringConfigOf(
  models: readonly PackagedModel[],
  config: InferenceConfig,
  { entry, warmUp }: { readonly entry: EntryBundle | undefined; readonly warmUp: readonly unknown[] | undefined },
): ScoringConfig {
  const { enableGpu, batching, preprocess, postprocess, description } = config;
  // falling back to the processor is asked for with a list of one's own, never done silently (docs/decisions/0071)
  const executionProviders = config.executionProviders ?? (enableGpu === true ? ['cuda'] : undefined);
  return {
    schemaVersion: 1,
    models: models.map(({ model }) => {
      const main = model.files.find((file) => file.path === model.mainFile) ?? model.files[0];
      return {
        name: model.name,
        version: model.version,
        directory: modelFolder(model),
        file: main?.path ?? '',
        format: model.format,
        sha256: main?.sha256 ?? '',
        ...(model.signature === undefined ? {} : { signature: model.signature }),
      };
    }),
    ...(entry === undefined ? {} : { entryScript: entry.path }),
    backend: config.backend ?? 'auto',
    ...(executionProviders === undefined ? {} : { executionProviders }),
    ...(batching === undefined ? {} : { batching }),
    ...(preprocess === undefined ? {} : { preprocess }),
    ...(postprocess === undefined ? {} : { postprocess }),
    ...(warmUp === undefined ? {} : { warmUp: [...warmUp] }),
    ...(description === undefined ? {} : { description }),
  };
}
