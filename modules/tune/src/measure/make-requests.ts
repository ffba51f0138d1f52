import { decodeJsonRequest, encodeJsonAnswer } from '@edgewright/engine';
import type { Engine, LoadedModel, NamedTensors } from '@edgewright/engine';
import { seededRandom } from '../search/random.ts';

/** What is scored again and again. */
export interface Requests {
  readonly count: number;
  /** Scores one of them. */
  score(at: number): Promise<unknown>;
  /** Scores one of them, and gives the numbers of its answer. */
  numbers(at: number): Promise<number[]>;
}

const MADE_SAMPLES = 8;
const MAX_ELEMENTS = 67_108_864;
const REQUEST_ID = 'tune';

/**
 * The requests for an engine: the samples that were given, or inputs made by chance from the signature of its model.
 *
 * Without an entry script they are decoded once: reading JSON is the host's work, and no setting changes it.
 *
 * @throws EngineError `InputInvalid` for a sample that the model does not take
 */
export function makeRequests(engine: Engine, samples: readonly unknown[] | undefined, seed: number): Requests {
  const { models, entryScript } = engine.describe();
  if (entryScript && samples !== undefined) return scriptRequests(engine, samples);
  const decoded =
    samples === undefined
      ? Array.from({ length: MADE_SAMPLES }, (_, at) => madeRequest(models, seed + at))
      : samples.map((sample) => decodeJsonRequest(sample, models, MAX_ELEMENTS));
  const infer = (at: number) => {
    const { model, inputs } = decoded[at % decoded.length] as (typeof decoded)[number];
    // arrays are handed over to workers: each request has its own
    return engine.infer({ requestId: REQUEST_ID, model: model.name, inputs: copied(inputs) });
  };
  return {
    count: decoded.length,
    score: infer,
    numbers: async (at) => numbersOf(encodeJsonAnswer((await infer(at)).outputs, 'columns')),
  };
}

function scriptRequests(engine: Engine, samples: readonly unknown[]): Requests {
  const score = (at: number) => engine.score({ requestId: REQUEST_ID, data: samples[at % samples.length] });
  return { count: samples.length, score, numbers: async (at) => numbersOf((await score(at)).value) };
}

function madeRequest(
  models: readonly LoadedModel[],
  seed: number,
): { readonly model: LoadedModel; readonly inputs: NamedTensors } {
  const [model] = models;
  if (model === undefined) throw new TypeError('an engine without a model');
  const random = seededRandom(seed);
  const { inputs } = model.signature;
  // as JSON, which the engine turns into each datatype: a variant of another precision gets the same values
  const columns = inputs.map(({ name, datatype, shape }) => [name, nested(shape, () => element(datatype, random))]);
  return decodeJsonRequest({ model: model.name, inputs: Object.fromEntries(columns) as unknown }, models, MAX_ELEMENTS);
}

function element(datatype: string, random: () => number): unknown {
  if (datatype === 'BOOL') return random() < 0.5;
  if (datatype === 'BYTES') return String(Math.floor(random() * 10));
  if (datatype.startsWith('UINT8')) return Math.floor(random() * 256);
  // what is an index must be one of a small table
  if (/INT/.test(datatype)) return Math.floor(random() * 2);
  return random();
}

function nested(shape: readonly number[], make: () => unknown): unknown {
  const [first, ...rest] = shape;
  if (first === undefined) return make();
  return Array.from({ length: first === -1 ? 1 : first }, () => nested(rest, make));
}

function copied(inputs: NamedTensors): NamedTensors {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]),
  );
}

/** All numbers in a value, in the order of its keys. */
export function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value === 'bigint') return [Number(value)];
  if (typeof value === 'boolean') return [value ? 1 : 0];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(numbersOf);
  const keys = Object.keys(value).toSorted();
  return keys.flatMap((key) => numbersOf((value as Readonly<Record<string, unknown>>)[key]));
}
