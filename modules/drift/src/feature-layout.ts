import { baselineLimits } from '@edgewright/contract';
import type { FeatureBaseline, FeatureIdentity, TensorSpec } from '@edgewright/contract';

/** A feature of a tensor, and whether it is a number or one of some values. */
export type TensorFeature = FeatureIdentity & { readonly kind: FeatureBaseline['kind'] };

/** Elements in a row of a tensor; undefined where the model leaves them open. */
export function rowWidth({ shape }: Pick<TensorSpec, 'shape'>): number | undefined {
  const inner = hasRows({ shape }) ? shape.slice(1) : shape;
  return inner.includes(-1) ? undefined : inner.reduce((product, size) => product * size, 1);
}

/** Whether the first dimension counts rows. A list of a fixed length is one row. */
export function hasRows({ shape }: Pick<TensorSpec, 'shape'>): boolean {
  return shape.length > 1 || shape[0] === -1;
}

/**
 * What is watched of an input: each element of a row, or of a row with more than 256 of them, or an open number, its mean, deviation,
 * minimum and maximum. Of an image with thousands of pixels the single one says little, and light and contrast a lot.
 */
export function inputFeatures(spec: TensorSpec): TensorFeature[] {
  const width = rowWidth(spec);
  const kind = isText(spec) ? 'categorical' : 'numeric';
  if (width !== undefined && width <= baselineLimits.features) return elements(spec, width, kind);
  return summaries(spec, ['mean', 'deviation', 'minimum', 'maximum']);
}

/** What is watched of an output: its number or text, or of several scores which is the largest, and how large that is. */
export function outputFeatures(spec: TensorSpec): TensorFeature[] {
  // a whole number that a model gives is a label far more often than a quantity
  const kind = isText(spec) || /^U?INT/.test(spec.datatype) ? 'categorical' : 'numeric';
  return rowWidth(spec) === 1 ? elements(spec, 1, kind) : summaries(spec, ['class', 'confidence']);
}

function elements({ name }: TensorSpec, width: number, kind: TensorFeature['kind']): TensorFeature[] {
  return Array.from({ length: width }, (_, element) => ({
    name: width === 1 ? name : `${name}[${element}]`,
    tensor: name,
    element,
    kind,
  }));
}

function summaries({ name }: TensorSpec, kinds: readonly NonNullable<FeatureIdentity['summary']>[]): TensorFeature[] {
  return kinds.map((summary) => ({
    name: `${name}.${summary}`,
    tensor: name,
    summary,
    kind: summary === 'class' ? 'categorical' : 'numeric',
  }));
}

function isText({ datatype }: TensorSpec): boolean {
  return datatype === 'BYTES' || datatype === 'BOOL';
}
