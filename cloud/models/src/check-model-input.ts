import { documentIssues, MODEL_NAME_PATTERN, modelFrameworks, ResourceConfigurationSchema } from '@edgewright/contract';
import type { ModelDataset } from '@edgewright/contract';
import type { RegisterModelInput } from './model-registry.ts';
import { ModelsError } from './models-error.ts';

const MAX_LABELS = 1000;
const MAX_LABEL_CHARACTERS = 8192;

/**
 * Checks what is said about a model before its files are read.
 *
 * @throws ModelsError `ModelInputInvalid`
 */
export function checkModelInput(input: RegisterModelInput): void {
  if (!new RegExp(MODEL_NAME_PATTERN).test(input.name)) {
    throw refused(
      'name',
      input.name,
      'a name has 1 to 255 letters, digits, "-", "." or "_", and begins with a letter or digit',
    );
  }
  if (input.framework !== undefined && !modelFrameworks.includes(input.framework)) {
    throw refused('framework', input.framework, `expected one of ${modelFrameworks.join(', ')}`);
  }
  if (input.frameworkVersion !== undefined && input.framework === undefined) {
    throw refused('frameworkVersion', input.frameworkVersion, 'it needs a framework; name that as well');
  }
  checkLabels('tags', input.tags ?? {});
  checkLabels('properties', input.properties ?? {});
  checkResources(input.resourceConfiguration);
  checkDatasets(input);
}

/** What is said of data sets. */
export interface DatasetInput {
  readonly datasets?: readonly ModelDataset[] | undefined;
  readonly sampleInputDatasetId?: string | undefined;
  readonly sampleOutputDatasetId?: string | undefined;
}

/** @throws ModelsError `ModelInputInvalid` */
export function checkDatasets({ datasets = [], sampleInputDatasetId, sampleOutputDatasetId }: DatasetInput): void {
  if (datasets.length > MAX_LABELS)
    throw refused('datasets', `${datasets.length} entries`, `at most ${MAX_LABELS} are allowed`);
  const fields = [
    ...datasets.flatMap(({ name, id }, place): [string, string][] => [
      [`datasets[${place}].name`, name],
      [`datasets[${place}].id`, id],
    ]),
    ['sampleInputDatasetId', sampleInputDatasetId] as const,
    ['sampleOutputDatasetId', sampleOutputDatasetId] as const,
  ];
  for (const [field, value] of fields) {
    if (value === undefined || (value !== '' && value.length <= MAX_LABEL_CHARACTERS)) continue;
    throw refused(field, value.slice(0, 40), `expected 1 to ${MAX_LABEL_CHARACTERS} characters`);
  }
}

/** @throws ModelsError `ModelInputInvalid` */
export function checkResources(resources: RegisterModelInput['resourceConfiguration']): void {
  const [issue] = resources === undefined ? [] : documentIssues(ResourceConfigurationSchema, resources);
  if (issue !== undefined) {
    throw refused(`resourceConfiguration${issue.path.slice(1)}`, issue.found, `expected ${issue.expected}`);
  }
}

/** @throws ModelsError `ModelInputInvalid` */
export function checkLabels(what: 'tags' | 'properties', labels: Readonly<Record<string, unknown>>): void {
  const entries = Object.entries(labels);
  if (entries.length > MAX_LABELS)
    throw refused(what, `${entries.length} entries`, `at most ${MAX_LABELS} are allowed`);
  for (const [key, value] of entries) {
    // a filter reads KEY=VALUE, so a key with "=" could be stored but never asked for
    if (key === '' || key.includes('=')) throw refused(what, key, 'a key has at least one character, and no "="');
    if (typeof value !== 'string') throw refused(`${what}.${key}`, JSON.stringify(value), 'a value is a text');
    if (key.length + value.length > MAX_LABEL_CHARACTERS) {
      throw refused(
        `${what}.${key}`,
        `${value.slice(0, 40)}…`,
        `key and value together have at most ${MAX_LABEL_CHARACTERS} characters`,
      );
    }
  }
}

function refused(field: string, value: string, reason: string): ModelsError {
  return new ModelsError(
    'ModelInputInvalid',
    `cannot take what is said of the model: ${field} "${value}" is not allowed: ${reason}`,
    {
      details: { field, value, reason },
    },
  );
}
