import type { Model } from '@edgewright/contract';
import type { ModelFilter } from '../model-registry.ts';

/** What models are found by, beside their names. */
export type LabelKind = 'tag' | 'property' | 'framework' | 'run' | 'dataset';

/** One fact about a model; the kinds without values have an empty one. */
export interface Label {
  readonly kind: LabelKind;
  readonly key: string;
  readonly value: string;
}

export interface LabelCondition {
  readonly kind: LabelKind;
  readonly key: string;
  /** Any, when it is not given. */
  readonly value?: string;
}

/** Everything by which a filter may find a model. */
export function labelsOf(model: Model): readonly Label[] {
  const { tags, properties, framework, runId, datasets = [], sampleInputDatasetId, sampleOutputDatasetId } = model;
  const datasetIds = [...datasets.map(({ id }) => id), sampleInputDatasetId, sampleOutputDatasetId];
  return [
    ...Object.entries(tags).map(([key, value]) => ({ kind: 'tag' as const, key, value })),
    ...Object.entries(properties).map(([key, value]) => ({ kind: 'property' as const, key, value })),
    { kind: 'framework', key: framework, value: '' },
    ...(runId === undefined ? [] : [{ kind: 'run' as const, key: runId, value: '' }]),
    ...[...new Set(datasetIds)].flatMap((id) =>
      id === undefined ? [] : [{ kind: 'dataset' as const, key: id, value: '' }],
    ),
  ];
}

/** What a filter asks of labels; all must hold. */
export function labelConditions(filter: ModelFilter): readonly LabelCondition[] {
  const { tags = [], properties = [], framework, runId, datasetId } = filter;
  return [
    ...tags.map((text) => pairCondition('tag', text)),
    ...properties.map((text) => pairCondition('property', text)),
    ...(runId === undefined ? [] : [{ kind: 'run' as const, key: runId }]),
    ...(datasetId === undefined ? [] : [{ kind: 'dataset' as const, key: datasetId }]),
    // last, because the first one leads the query, and a framework is the least rare
    ...(framework === undefined ? [] : [{ kind: 'framework' as const, key: framework }]),
  ];
}

/** Whether a model has all that the conditions ask for. */
export function meets(model: Model, conditions: readonly LabelCondition[]): boolean {
  const labels = labelsOf(model);
  return conditions.every(({ kind, key, value }) =>
    labels.some((label) => label.kind === kind && label.key === key && (value === undefined || label.value === value)),
  );
}

/** `KEY` or `KEY=VALUE`. */
function pairCondition(kind: 'tag' | 'property', text: string): LabelCondition {
  const equals = text.indexOf('=');
  if (equals === -1) return { kind, key: text };
  return { kind, key: text.slice(0, equals), value: text.slice(equals + 1) };
}
