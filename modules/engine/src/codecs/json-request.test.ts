import { describe, expect, it } from 'vitest';
import type { LoadedModel } from '../engine.ts';
import { decodeJsonRequest, encodeJsonAnswer } from './json-request.ts';

const model = (name: string, ...inputs: string[]): LoadedModel => ({
  name,
  version: 1,
  signature: { inputs: inputs.map((input) => ({ name: input, datatype: 'FP32', shape: [-1] })), outputs: [] },
});

const one = [model('m', 'x')];
const two = [model('m', 'a', 'b')];

describe('a request to a model that is served as it is', () => {
  it('gives its data to the only input', () => {
    const { inputs, form } = decodeJsonRequest({ data: [1, 2] }, one, 10);
    expect(form).toBe('rows');
    expect(inputs).toEqual({ x: { datatype: 'FP32', shape: [2], data: Float32Array.of(1, 2) } });
  });

  it('gives named inputs to their names', () => {
    const { inputs, form } = decodeJsonRequest({ inputs: { b: [1], a: [2] } }, two, 10);
    expect(form).toBe('columns');
    expect(inputs).toEqual({
      a: { datatype: 'FP32', shape: [1], data: Float32Array.of(2) },
      b: { datatype: 'FP32', shape: [1], data: Float32Array.of(1) },
    });
  });

  it('chooses among several models by name', () => {
    const models = [model('first', 'x'), model('second', 'x')];
    expect(decodeJsonRequest({ model: 'second', data: [1] }, models, 10).model.name).toBe('second');
    expect(() => decodeJsonRequest({ data: [1] }, models, 10)).toThrow('name one as "model" (first, second)');
    expect(() => decodeJsonRequest({ model: 'third', data: [1] }, models, 10)).toThrow('there is no model "third"');
  });

  it.each([
    { data: [1], models: one, text: 'expected an object with "data" or "inputs", found an array' },
    { data: 'text', models: one, text: 'found "text"' },
    { data: null, models: one, text: 'found null' },
    { data: { rows: [1] }, models: one, text: 'it has neither "data" nor "inputs"; its keys are rows' },
    { data: { data: [1] }, models: two, text: 'm has 2: send {"inputs": {"a": …, "b": …}}' },
    { data: { inputs: [1] }, models: two, text: '"inputs" must be an object with one array for each of a, b' },
    { data: { inputs: { c: [1] } }, models: two, text: 'm has no input "c"; its inputs are a, b' },
  ])('is refused: $text', ({ data, models, text }) => {
    expect(() => decodeJsonRequest(data, models, 10)).toThrow(text);
  });
});

describe('the answer of a model that is served as it is', () => {
  const y = { datatype: 'INT64', shape: [2, 1], data: BigInt64Array.of(1n, 2n) } as const;

  it('names rows predictions, with one array for the only output', () => {
    expect(encodeJsonAnswer({ y }, 'rows')).toEqual({ predictions: [[1], [2]] });
  });

  it('names rows predictions, with an array for each of several outputs', () => {
    expect(encodeJsonAnswer({ y, z: y }, 'rows')).toEqual({ predictions: { y: [[1], [2]], z: [[1], [2]] } });
  });

  it('names columns outputs', () => {
    expect(encodeJsonAnswer({ y }, 'columns')).toEqual({ outputs: { y: [[1], [2]] } });
  });
});
