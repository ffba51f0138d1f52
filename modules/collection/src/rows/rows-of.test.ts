import { createHash } from 'node:crypto';
import type { CollectionSettings } from '@edgewright/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CollectedPayload, CollectedRequest } from './collected-request.ts';
import { RowMaker } from './rows-of.ts';

const KEY = 'a key that is long enough';

function request(
  inputs: CollectedPayload,
  predictions: CollectedPayload,
  named: Partial<CollectedRequest> = {},
): CollectedRequest {
  const facts = { requestId: 'r', at: 0, host: 'web', model: 'm', version: '1', sampledBy: 'all' } as const;
  return { ...facts, inputs, predictions, ...named };
}

const json = (value: unknown): CollectedPayload => ({ kind: 'json', value });

function values(settings: CollectionSettings, collected: CollectedRequest) {
  const { inputs = [], predictions = [] } = new RowMaker(settings, KEY).rowsOf(collected);
  return { inputs: inputs.map((row) => row.values), predictions: predictions.map((row) => row.values) };
}

describe('rows of JSON', () => {
  it('are those of the request, with names of the input, and join with the predictions', () => {
    const collected = request(json({ data: [[1, 2], [3, 4]] }), json({ predictions: [[10], [20]] }), { inputName: 'x', outputName: 'y' }); // prettier-ignore
    expect(values({}, collected)).toEqual({
      inputs: [{ x_0: 1, x_1: 2 }, { x_0: 3, x_1: 4 }],
      predictions: [{ y: 10 }, { y: 20 }],
    }); // prettier-ignore
    expect(values({ featureNames: ['AGE', 'BMI'] }, collected).inputs).toEqual([{ AGE: 1, BMI: 2 }, { AGE: 3, BMI: 4 }]); // prettier-ignore
    const { inputs } = new RowMaker({}, undefined).rowsOf(collected);
    expect(inputs?.[1]).toEqual({
      requestId: 'r',
      time: '1970-01-01T00:00:00.000Z',
      model: 'm',
      version: '1',
      host: 'web',
      sampledBy: 'all',
      row: 1,
      values: { x_0: 3, x_1: 4 },
    });
  });

  it.each([
    ['records', { data: [{ age: 1, name: { first: 'a' } }] }, [{ age: 1, 'name.first': 'a' }]],
    ['columns', { inputs: { age: [1, 2], bmi: [3, 4] } }, [{ age: 1, bmi: 3 }, { age: 2, bmi: 4 }]],
    ['a column of lists', { inputs: { x: [[1, 2]] } }, [{ x_0: 1, x_1: 2 }]],
    ['a list', [[1], [2]], [{ x: 1 }, { x: 2 }]],
    ['what stands beside the rows', { data: [[1]], customer: 'c', model: 'm' }, [{ customer: 'c', x: 1 }]],
    ['an object', { age: 1, tags: ['a', 'b'] }, [{ age: 1, tags_0: 'a', tags_1: 'b' }]],
    ['a text', 'hello', [{ x: 'hello' }]],
    ['nothing', null, [{ x: null }]],
    ['no rows', { data: [] }, [{}]],
    ['numbers that JSON does not have', [[NaN, Infinity]], [{ x_0: 'NaN', x_1: 'Infinity' }]],
    ['names with ends of lines', { 'a\r\nb': 1 }, [{ 'a b': 1 }]],
  ])('of %s', (_, value, expected) => {
    expect(values({}, request(json(value), json(1), { inputName: 'x' })).inputs).toEqual(expected);
  }); // prettier-ignore

  it('are one where the predictions are another number', () => {
    const one = request(json({ data: [[1]] }), json({ predictions: [0.1, 0.9] }));
    expect(values({}, one).predictions).toEqual([{ predictions_0: 0.1, predictions_1: 0.9 }]);
  });

  it('are made of anything', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (input, output) => {
        const { inputs, predictions } = new RowMaker({}, undefined).rowsOf(request(json(input), json(output)));
        expect(inputs?.length).toBeGreaterThan(0);
        expect(predictions?.length).toBeGreaterThan(0);
        for (const row of [...(inputs ?? []), ...(predictions ?? [])]) {
          for (const [name, cell] of Object.entries(row.values)) {
            expect(name).not.toMatch(/[\r\n]/);
            expect(JSON.parse(JSON.stringify(cell))).toEqual(typeof cell === 'number' ? cell + 0 : cell);
          }
        }
      }),
    );
  });

  it('keep nothing of what is deep without an end', () => {
    let deep: unknown = 'secret';
    for (let level = 0; level < 5_000; level += 1) deep = { inner: deep };
    expect(JSON.stringify(values({}, request(json(deep), json(deep))))).not.toContain('secret');
  });
});

describe('what is large', () => {
  it('is summarised: a tensor by row', () => {
    const data = Float32Array.from({ length: 8 }, (_, index) => index);
    const tensors = { image: { datatype: 'FP32' as const, shape: [2, 2, 2], data } };
    const { inputs } = values({ maxElements: 3 }, request({ kind: 'tensors', tensors }, json([1, 2])));
    expect(inputs[1]).toEqual({
      image: {
        datatype: 'FP32',
        shape: [2, 2],
        sha256: createHash('sha256')
          .update(Buffer.from(data.slice(4).buffer))
          .digest('hex'),
        min: 4,
        max: 7,
        mean: 5.5,
        std: Math.sqrt(1.25),
      },
    });
  });

  it('is summarised: a list of lists of numbers, and other lists without statistics', () => {
    const { inputs } = values({ maxElements: 3 }, request(json({ data: [{ a: [[1, 2], [3, 6]], b: ['x', 'y', 'z', 'w'] }] }), json(1))); // prettier-ignore
    expect(inputs).toMatchObject([{ a: { shape: [2, 2], mean: 3 }, b: { datatype: 'JSON', shape: [4] } }]);
    expect(inputs[0]?.['b']).not.toHaveProperty('mean');
  });

  it('is summarised: an image', () => {
    const bytes = Buffer.from('JPEG');
    const { inputs } = values({}, request({ kind: 'bytes', bytes }, json(1), { inputName: 'image' }));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(inputs).toEqual([{ image: { datatype: 'BINARY', shape: [4], sha256 } }]);
  });
});

describe('redaction', () => {
  const redact = [
    { field: 'ssn', action: 'drop' },
    { field: 'customer.name', action: 'mask' },
    { field: 'id*', action: 'hash', in: 'inputs' },
  ] as const;
  const body = {
    data: [{ ssn: '1', list: [{ ssn: '2' }], customer: { name: 'n', ssn: { a: 3 } }, name: 'kept', id_a: 'i' }],
  };

  it('drops, masks and hashes fields wherever they are', () => {
    const { inputs, predictions } = values({ redact: [...redact] }, request(json(body), json({ id_a: 'i' })));
    expect(inputs).toEqual([
      { 'customer.name': '***', name: 'kept', id_a: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
    ]);
    expect(predictions).toEqual([{ id_a: 'i' }]);
  });

  it('hashes by the key: the same value gives the same hash, with another key another one', () => {
    const settings = { redact: [...redact] };
    const hash = (key: string) => new RowMaker(settings, key).rowsOf(request(json(body), json(1))).inputs?.[0]?.values['id_a']; // prettier-ignore
    expect(hash(KEY)).toBe(hash(KEY));
    expect(hash(KEY)).not.toBe(hash(`${KEY}!`));
  });

  it.each([
    ['columns by their names', { featureNames: ['AGE', 'BMI'] }, 'AGE', { BMI: 2 }],
    ['columns by their numbers', {}, 'x_0', { x_1: 2 }],
    ['all of an input', {}, 'x', {}],
    ['all that a pattern fits', {}, 'x_*', {}],
  ])('of %s', (_, settings, field, expected) => {
    const rule = { redact: [{ field, action: 'drop' as const }], ...settings };
    expect(values(rule, request(json([[1, 2]]), json(1), { inputName: 'x' })).inputs).toEqual([expected]);
    const tensors = { x: { datatype: 'FP32' as const, shape: [1, 2], data: Float32Array.of(1, 2) } };
    expect(values(rule, request({ kind: 'tensors', tensors }, json(1))).inputs).toEqual([expected]);
  });

  it('finds a field whatever its name has in it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }).filter((name) => !/[.*\r\n]/.test(name) && !['data', 'inputs', 'outputs', 'result', 'results', 'predictions'].includes(name)), (name) => {
        const rule = { redact: [{ field: name, action: 'drop' as const }] };
        const body = JSON.parse(`{${JSON.stringify(name)}: "secret"}`) as unknown;
        expect(JSON.stringify(values(rule, request(json([body]), json(body))))).not.toContain('secret');
      }),
    ); // prettier-ignore
  });
});
