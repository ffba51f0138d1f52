import { datatypes } from '@edgewright/contract';
import type { Datatype } from '@edgewright/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayOf, elementCount } from '../array-of.ts';
import { EngineError } from '../engine-error.ts';
import type { Tensor, TensorData } from '../tensor.ts';
import { nestedFromTensor, tensorFromNested } from './json-tensor.ts';

const place = { path: '$.data', maxElements: 1000 };

/** Any bytes as elements of a datatype; patterns of NaN are made one, because JSON has one word for them all. */
function elements(datatype: Datatype, count: number): fc.Arbitrary<TensorData> {
  if (datatype === 'BYTES') return fc.array(fc.string({ unit: 'binary' }), { minLength: count, maxLength: count });
  if (datatype === 'BOOL') return fc.uint8Array({ minLength: count, maxLength: count, max: 1 });
  const array = arrayOf(datatype);
  const bytes = count * array.BYTES_PER_ELEMENT;
  return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw) => {
    const data = new array(raw.slice().buffer, 0, count);
    if (datatype === 'FP16') return (data as Uint16Array).map((bits) => ((bits & 0x7fff) > 0x7c00 ? 0x7e00 : bits));
    if (datatype === 'BF16') return (data as Uint16Array).map((bits) => ((bits & 0x7fff) > 0x7f80 ? 0x7fc0 : bits));
    return data;
  });
}

const tensors: fc.Arbitrary<Tensor> = fc
  .record({
    datatype: fc.constantFrom(...datatypes),
    // an empty inner dimension cannot be told from its nesting
    shape: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
  })
  .chain(({ datatype, shape }) => elements(datatype, elementCount(shape)).map((data) => ({ datatype, shape, data })));

/** The path in the refusal of an action; undefined when it is not refused. */
function refusedAt(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof EngineError ? String(error.details['path']) : `not an EngineError: ${String(error)}`;
  }
}

describe('tensors as nested JSON', () => {
  it('come back as they went, through text, for every element type', () => {
    fc.assert(
      fc.property(tensors, (tensor) => {
        const text = JSON.stringify(nestedFromTensor(tensor));
        const spec = { name: 'x', datatype: tensor.datatype, shape: [...tensor.shape] };
        expect(tensorFromNested(JSON.parse(text), spec, place)).toEqual(tensor);
      }),
      { numRuns: 500 },
    );
  });

  it('are read when a dimension is free, and refused when a fixed one differs', () => {
    fc.assert(
      fc.property(tensors, fc.nat(), (tensor, which) => {
        fc.pre(tensor.shape.length > 0);
        const axis = which % tensor.shape.length;
        const spec = (size: number): { name: string; datatype: Datatype; shape: number[] } => ({ name: 'x', datatype: tensor.datatype, shape: tensor.shape.with(axis, size) }); // prettier-ignore
        const nested = nestedFromTensor(tensor);
        expect(tensorFromNested(nested, spec(-1), place)).toEqual(tensor);
        expect(() => tensorFromNested(nested, spec((tensor.shape[axis] ?? 0) + 1), place)).toThrow('is any size');
      }),
    );
  });

  it('never fail in another way than with a path, whatever JSON comes', () => {
    const spec = { name: 'x', datatype: 'FP32' as const, shape: [-1, -1] };
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const path = refusedAt(() => tensorFromNested(value, spec, place));
        expect(path ?? '$.data').toMatch(/^\$\.data(\[\d+\])*$/);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what nested JSON is refused for', () => {
  it.each([
    { nested: [[1, 2], [3]], text: '$.data[1]: expected an array of 2 like the first one beside it, found an array of 1' },
    { nested: [[1, 2], 3], text: '$.data[1]: expected an array of 2 like the first one beside it, found 3' },
    { nested: [[1, '2']], text: '$.data[0][1]: expected a number, or "NaN", "Infinity" or "-Infinity", found "2"' },
    { nested: [[1, null]], text: '$.data[0][1]: expected a number, or "NaN", "Infinity" or "-Infinity", found null' },
    { nested: [[1, [2]]], text: '$.data[0][1]: expected a number, or "NaN", "Infinity" or "-Infinity", found an array of 1' },
    { nested: [1, 2], text: '$.data: it is an array of the shape [2], but the input "x" takes FP32[-1,2]' },
    { nested: 7, text: '$.data: it is an array of the shape [], but the input "x" takes FP32[-1,2]' },
    { nested: Array.from({ length: 501 }, () => [1, 2]), text: '$.data: it has 1002 elements; the limit is 1000' },
  ])('$text', ({ nested, text }) => {
    expect(() => tensorFromNested(nested, { name: 'x', datatype: 'FP32', shape: [-1, 2] }, place)).toThrow(text);
  }); // prettier-ignore

  it.each([
    { datatype: 'UINT8', value: 256, rule: 'a whole number from 0 to 255' },
    { datatype: 'INT8', value: 1.5, rule: 'a whole number from -128 to 127' },
    { datatype: 'INT32', value: 2_147_483_648, rule: 'a whole number from -2147483648 to 2147483647' },
    { datatype: 'INT64', value: 2 ** 53, rule: 'as a string of digits beyond 2^53 - 1' },
    { datatype: 'UINT64', value: '18446744073709551616', rule: 'a whole number from 0 to 18446744073709551615' },
    { datatype: 'BOOL', value: 'true', rule: 'true or false' },
    { datatype: 'BYTES', value: 1, rule: 'a string' },
    { datatype: 'FP64', value: 'nan', rule: '"NaN"' },
  ] as const)('$datatype is not $value', ({ datatype, value, rule }) => {
    expect(() => tensorFromNested([value], { name: 'x', datatype, shape: [-1] }, place)).toThrow(rule);
  });
});
