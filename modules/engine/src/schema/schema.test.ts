import { describe, expect, it } from 'vitest';
import { acceptValue } from './accept-value.ts';
import { jsonSchemaOf, needsOpenApi3 } from './json-schema.ts';
import { readDeclaration } from './read-declaration.ts';

const accept = (declared: unknown, value: unknown): unknown =>
  acceptValue(readDeclaration(declared, 'input'), value, { path: '$', maxElements: 1000 });

const people = [{ name: 'Sarah', age: 25 }, { name: 'John', age: 26 }]; // prettier-ignore

describe('an array from a sample', () => {
  it('comes to run as a tensor, with the type that was declared and a free first dimension', () => {
    expect(accept({ data: { ndarray: [[1, 2]], datatype: 'FP32' } }, { data: [[1, 2], [3, 4.5], [5, 6]] })).toEqual({
      data: { datatype: 'FP32', shape: [3, 2], data: Float32Array.of(1, 2, 3, 4.5, 5, 6) },
    }); // prettier-ignore
  });

  it.each([
    { sample: [[1, 2]], datatype: 'INT64' },
    { sample: [1, 2.5], datatype: 'FP64' },
    { sample: [true], datatype: 'BOOL' },
    { sample: ['a'], datatype: 'BYTES' },
    { sample: 3, datatype: 'INT64' },
  ])('has the type that NumPy would give it: $datatype', ({ sample, datatype }) => {
    expect(accept({ ndarray: sample }, sample)).toMatchObject({ datatype });
  });

  it('takes any shape and any type when neither is held to', () => {
    const declared = { ndarray: [[1, 2]], enforceShape: false, enforceTypes: false };
    expect(accept(declared, [[[0.5]]])).toEqual({ datatype: 'FP64', shape: [1, 1, 1], data: Float64Array.of(0.5) });
  });
});

describe('rows from a sample', () => {
  it.each([
    { orient: 'records', value: people },
    { orient: 'values', value: [['Sarah', 25], ['John', 26]] },
    { orient: 'split', value: { columns: ['name', 'age'], index: [0, 1], data: [['Sarah', 25], ['John', 26]] } },
    { orient: 'index', value: { 0: people[0], 1: people[1] } },
    { orient: 'columns', value: { name: { 0: 'Sarah', 1: 'John' }, age: { 0: 25, 1: 26 } } },
    { orient: 'table', value: { schema: { fields: [{ name: 'name' }, { name: 'age' }] }, data: people } },
  ])('come to run as rows when they are sent as $orient, and the example has that form', ({ orient, value }) => {
    const declared = { records: people, orient };
    expect(accept(declared, value)).toEqual(people);
    expect(readDeclaration(declared, 'input').example).toEqual(value);
  }); // prettier-ignore

  it('may lack what a row of the sample lacks, or say null for it', () => {
    const declared = { records: [{ a: 1, b: 'x' }, { a: 2 }] };
    expect(accept(declared, [{ a: 1 }, { a: 2, b: null }])).toEqual([{ a: 1 }, { a: 2, b: undefined }]);
  });

  it('may be of a type that the sample does not show', () => {
    expect(accept({ records: [{ weight: 70 }], types: { weight: 'FP64' } }, [{ weight: 70.5 }])).toEqual([{ weight: 70.5 }]); // prettier-ignore
  });

  it('keep columns of their own when the shape is not held to', () => {
    expect(accept({ records: [{ a: 1 }], enforceShape: false }, [{ b: 2 }])).toEqual([{ b: 2 }]);
  });
});

describe('standard values from a sample', () => {
  it('are numbers, text, dates, bytes and what is made of them', () => {
    const declared = { standard: { count: 1, when: new Date(0), blob: Uint8Array.of(1), tags: ['a'], mixed: [1, 'a'], free: null } }; // prettier-ignore
    const value = { count: 2, when: '2019-05-02T10:00:00Z', blob: 'AQI=', tags: ['b', 'c'], mixed: ['x', 3], free: { any: 1 } }; // prettier-ignore
    expect(accept(declared, value)).toEqual({ ...value, when: new Date('2019-05-02T10:00:00Z'), blob: Uint8Array.of(1, 2) });
  }); // prettier-ignore

  it('are a number with a fraction, when the sample is whole, only by declaration', () => {
    expect(accept({ standard: 0, datatype: 'FP64' }, 0.5)).toBe(0.5);
    expect(() => accept({ standard: 0 }, 0.5)).toThrow('a whole number');
  });

  it('stay as they came when they are not to be converted', () => {
    expect(accept({ when: { standard: new Date(0), convert: false } }, { when: '2019-05-02' })).toEqual({ when: '2019-05-02' });
  }); // prettier-ignore
});

describe('what does not fit', () => {
  const declared = {
    data: { ndarray: [[1.5, 2]] },
    rows: { records: people, optional: true },
    nested: {
      object: { flag: { standard: true, optional: true }, inner: { standard: { deep: [1] }, optional: true } },
    },
  };
  const whole = { data: [[1, 2]], nested: {} };

  it.each([
    { value: [], text: '$: expected an object such as' },
    { value: {}, text: '$: "data" is missing; given: nothing' },
    { value: { data: [[1]] }, text: '$.data: it is an array of the shape [1,1]' },
    { value: { ...whole, data: [[1, 'x']] }, text: '$.data[0][1]: expected a number, or "NaN", "Infinity" or "-Infinity", found "x"' },
    { value: { ...whole, data: 5 }, text: '$.data: expected an array such as [[1.5,2]], found 5' },
    { value: { ...whole, rows: [{ name: 'a', age: 1.5 }] }, text: '$.rows[0].age: expected a whole number' },
    { value: { ...whole, rows: [{ name: 'a' }] }, text: '$.rows[0]: the column "age" is missing; given: name' },
    { value: { ...whole, rows: [{ name: 'a', age: 1, more: 2 }] }, text: '$.rows[0]: there is no column "more"; there is name, age' },
    { value: { ...whole, rows: { name: 'a' } }, text: '$.rows: expected an array of rows, found an object' },
    { value: { ...whole, rows: [7] }, text: '$.rows[0]: expected a row' },
    { value: { ...whole, nested: { flag: 'yes' } }, text: '$.nested.flag: expected true or false, found "yes"' },
    { value: { ...whole, nested: { inner: { deep: [1, 'x'] } } }, text: '$.nested.inner.deep[1]: expected a whole number' },
    { value: { ...whole, nested: { inner: { deep: {} } } }, text: '$.nested.inner.deep: expected an array, found {}' },
  ])('is refused with its place: $text', ({ value, text }) => {
    expect(() => accept(declared, value)).toThrow(expect.objectContaining({ code: 'InputInvalid', message: expect.stringContaining(text) as string }));
  }); // prettier-ignore

  it('is left out when it is not declared', () => {
    expect(accept({ a: { standard: 1 } }, { a: 2, b: 3, __proto__: { c: 4 } })).toEqual({ a: 2 });
  });
});

describe('a declaration that cannot be meant', () => {
  it.each([
    { declared: 5, text: 'input is 5; it must be an object' },
    { declared: {}, text: 'input is empty' },
    { declared: { ndarray: [1], dtype: 'FP32' }, text: 'input.dtype is no option of { ndarray: … }' },
    { declared: { x: { ndarray: [[1], [1, 2]] } }, text: 'input.x.ndarray is not a regular array' },
    { declared: { ndarray: [1], datatype: 'float32' }, text: 'input.datatype is "float32"; there is BOOL' },
    { declared: { ndarray: [1, 'a'] }, text: 'its elements must be numbers, booleans or strings of one kind' },
    { declared: { records: [] }, text: 'at least one object' },
    { declared: { records: people, orient: 'rows' }, text: 'input.orient is "rows"; there is records' },
    { declared: { records: people, types: { size: 'FP32' } }, text: 'input.types.size is no column of the sample' },
    { declared: { standard: () => 1 }, text: 'input.standard is a function, which JSON cannot carry' },
    { declared: { x: { standard: 1, optional: 'yes' } }, text: 'input.x.optional is "yes"; it must be true or false' },
  ])('is refused with its place: $text', ({ declared, text }) => {
    expect(() => readDeclaration(declared, 'input')).toThrow(text);
  }); // prettier-ignore
});

describe('the JSON Schema of a declaration', () => {
  it('is that of Azure ML for arrays', () => {
    expect(jsonSchemaOf(readDeclaration({ param: { ndarray: [[1, 2]] } }, 'input'))).toEqual({
      type: 'object',
      required: ['param'],
      properties: {
        param: {
          type: 'array',
          format: 'numpy.ndarray',
          items: { type: 'array', minItems: 2, maxItems: 2, items: { type: 'integer', format: 'int64' } },
          example: [[1, 2]],
        },
      },
      example: { param: [[1, 2]] },
    });
  });

  it('is that of Azure ML for tables', () => {
    expect(jsonSchemaOf(readDeclaration({ records: people }, 'input'))).toEqual({
      type: 'array',
      format: 'pandas.DataFrame:records',
      items: { type: 'object', required: ['name', 'age'], properties: { name: { type: 'string' }, age: { type: 'integer', format: 'int64' } } },
      example: people,
    });
  }); // prettier-ignore

  it('has no Swagger 2.0 form when items of a list differ', () => {
    const mixed = jsonSchemaOf(readDeclaration({ x: { standard: [1, 'a'] } }, 'input'));
    expect(needsOpenApi3(mixed)).toBe(true);
    expect(mixed.properties?.['x']?.items).toEqual({ oneOf: [{ type: 'integer', format: 'int64' }, { type: 'string' }] });
    expect(needsOpenApi3(jsonSchemaOf(readDeclaration({ x: { standard: [1, 2.5] } }, 'input')))).toBe(false);
  }); // prettier-ignore

  it('leaves out examples that are large', () => {
    const schema = jsonSchemaOf(readDeclaration({ x: { ndarray: Array.from({ length: 300 }, () => 0) } }, 'input'));
    expect(schema.example).toBeUndefined();
    expect(schema.properties?.['x']?.example).toBeUndefined();
  });
});
