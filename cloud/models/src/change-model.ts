import type { Model } from '@edgewright/contract';
import { checkDatasets, checkLabels, checkResources } from './check-model-input.ts';
import type { ModelChanges } from './model-registry.ts';
import { ModelsError } from './models-error.ts';

/**
 * A model after a change. Tags may be replaced and removed; properties are a record of what happened to a model, and only
 * grow (Azure ML's rule).
 *
 * @throws ModelsError `ModelInputInvalid`
 */
export function changeModel(model: Model, changes: ModelChanges, now: Date): Model {
  checkLabels('tags', changes.addTags ?? {});
  checkLabels('properties', changes.addProperties ?? {});
  checkResources(changes.resourceConfiguration);
  checkDatasets({ ...changes, datasets: changes.addDatasets });
  const { addProperties = {}, addDatasets = [], description, resourceConfiguration } = changes;
  const { sampleInputDatasetId, sampleOutputDatasetId } = changes;
  const datasets = [...(model.datasets ?? []), ...addDatasets];
  const there = Object.keys(addProperties).filter((key) => key in model.properties);
  if (there.length > 0) {
    throw new ModelsError(
      'ModelInputInvalid',
      `cannot change the model ${model.id}: it has the properties ${there.join(', ')} already, and properties cannot be changed; use a tag for what changes`,
      { details: { model: model.id, properties: there } },
    );
  }
  const removed = new Set(changes.removeTags);
  const kept = Object.entries(model.tags).filter(([key]) => !removed.has(key));
  return {
    ...model,
    modifiedTime: now.toISOString(),
    ...(description === undefined ? {} : { description }),
    tags: { ...Object.fromEntries(kept), ...changes.addTags },
    properties: { ...model.properties, ...addProperties },
    ...(resourceConfiguration === undefined ? {} : { resourceConfiguration }),
    ...(datasets.length === 0 ? {} : { datasets }),
    ...(sampleInputDatasetId === undefined ? {} : { sampleInputDatasetId }),
    ...(sampleOutputDatasetId === undefined ? {} : { sampleOutputDatasetId }),
  };
}
