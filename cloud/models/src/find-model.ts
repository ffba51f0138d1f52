import type { Model } from '@edgewright/contract';
import type { ModelFilter, ModelRegistry } from './model-registry.ts';
import { ModelsError } from './models-error.ts';

/** What a version must have beside its name. */
export type ModelCriteria = Pick<ModelFilter, 'tags' | 'properties' | 'framework' | 'runId' | 'datasetId'>;

/**
 * The highest version of a name that fits.
 *
 * @throws ModelsError `ModelNotFound`, which names all that was asked for
 */
export async function findModel(registry: ModelRegistry, name: string, criteria: ModelCriteria): Promise<Model> {
  const { models } = await registry.list({ ...criteria, name, pageSize: 1 });
  const [found] = models;
  if (found !== undefined) return found;
  // a name that is not there at all is told as such
  await registry.get({ name });
  const { tags = [], properties = [], framework, runId, datasetId } = criteria;
  const wanted = [
    ...tags.map((tag) => `the tag ${tag}`),
    ...properties.map((property) => `the property ${property}`),
    ...(framework === undefined ? [] : [`the framework ${framework}`]),
    ...(runId === undefined ? [] : [`the run ${runId}`]),
    ...(datasetId === undefined ? [] : [`the data set ${datasetId}`]),
  ];
  throw new ModelsError('ModelNotFound', `cannot find a version of "${name}" with ${wanted.join(' and ')}`, {
    details: { name, ...criteria },
  });
}
