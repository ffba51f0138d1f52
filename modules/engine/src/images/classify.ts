import type { Postprocess, TensorSpec } from '@edgewright/contract';
import { EngineError } from '../engine-error.ts';
import type { NamedTensors, Tensor } from '../tensor.ts';
import { bfloatToNumber, halfToNumber } from '../half.ts';

/** A `postprocess` declaration with its labels read and its output named. Plain data. */
export interface ClassPlan {
  readonly output: string;
  readonly softmax: boolean;
  readonly topK?: number;
  readonly threshold?: number;
  readonly labels?: readonly string[];
}

/** One class of an answer. */
export interface ScoredClass {
  readonly index: number;
  readonly label?: string;
  readonly score: number;
}

/**
 * Fits a declaration to what a model gives.
 *
 * @param labels the names of the classes, when the declaration has any
 * @throws EngineError `ImageSettingsInvalid`
 */
export function planClasses(
  { model, outputs }: { readonly model: string; readonly outputs: readonly TensorSpec[] },
  settings: Postprocess,
  labels: readonly string[] | undefined,
): ClassPlan {
  const known = outputs.map(({ name }) => name);
  const refuse = (fault: string) => new EngineError('ImageSettingsInvalid', `cannot name the classes of ${model}: ${fault}`, { details: { model, known } }); // prettier-ignore
  const spec = settings.output === undefined && outputs.length === 1 ? outputs[0] : outputs.find(({ name }) => name === settings.output); // prettier-ignore
  if (spec === undefined) {
    const fault = settings.output === undefined ? 'there are several outputs, name one as "output"' : `there is no output "${settings.output}"`; // prettier-ignore
    throw refuse(`${fault}; there is ${known.join(', ')}`);
  }
  if (spec.datatype === 'BYTES' || spec.datatype === 'BOOL')
    throw refuse(`"${spec.name}" is ${spec.datatype}, no scores`);
  const classes = spec.shape.at(-1) ?? -1;
  if (labels !== undefined && classes !== -1 && labels.length !== classes) {
    throw refuse(`there are ${labels.length} labels, but "${spec.name}" has ${classes} classes`);
  }
  return {
    output: spec.name,
    softmax: settings.softmax ?? false,
    ...(settings.topK === undefined ? {} : { topK: settings.topK }),
    ...(settings.threshold === undefined ? {} : { threshold: settings.threshold }),
    ...(labels === undefined ? {} : { labels }),
  };
}

/** The classes of each row of a model's scores, best first; the last dimension counts the classes. */
export function classify(outputs: NamedTensors, plan: ClassPlan): readonly (readonly ScoredClass[])[] {
  const tensor = outputs[plan.output];
  if (tensor === undefined) throw new RangeError(`there is no output "${plan.output}"`);
  const scores = numbersOf(tensor);
  const classes = tensor.shape.at(-1) ?? 1;
  const rows = classes === 0 ? 0 : scores.length / classes;
  return Array.from({ length: rows }, (_, row) => classesOf(scores.slice(row * classes, (row + 1) * classes), plan));
}

function classesOf(scores: readonly number[], plan: ClassPlan): ScoredClass[] {
  const weighed = plan.softmax ? softmax(scores) : scores;
  const { threshold = -Infinity, topK = weighed.length, labels } = plan;
  return weighed
    .map((score, index) => {
      const label = labels?.[index];
      return { index, ...(label === undefined ? {} : { label }), score };
    })
    .filter(({ score }) => plan.threshold === undefined || score >= threshold)
    .sort((a, b) => order(a.score, b.score) || a.index - b.index)
    .slice(0, topK);
}

/** Larger first, and what is no number last. */
function order(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : b - a;
}

function softmax(scores: readonly number[]): number[] {
  // taking off the largest changes nothing in the result and keeps exp() in range
  const largest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function numbersOf({ datatype, data }: Tensor): number[] {
  const convert = datatype === 'FP16' ? halfToNumber : datatype === 'BF16' ? bfloatToNumber : Number;
  return Array.from(data as ArrayLike<number>, (element) => convert(element));
}
