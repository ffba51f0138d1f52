import { expect, test } from 'vitest';
import { rowsOfJson, rowsOfTensors, valueIn } from './row-view.ts';

const age = { name: 'age', tensor: 'x', element: 0, kind: 'numeric' } as const;
const sex = { name: 'sex', tensor: 'x', element: 1, kind: 'categorical' } as const;

test.each([
  ['rows', { data: [[1, 'f'], [2, null]] }],
  ['named rows', { data: [{ age: 1, sex: 'f' }, { age: 2 }] }],
  ['columns', { inputs: { age: [1, 2], sex: ['f', null] } }],
  ['a tensor by its name', { inputs: { x: [[1, 'f'], [2, '']] } }],
  ['a table', { Inputs: { data: { columns: ['sex', 'age'], data: [['f', 1], [null, 2]] } } }],
  ['nested rows', [[[1], ['f']], [[2], [null]]]],
])('%s are read', (_, value) => {
  const rows = rowsOfJson(value, 10) ?? [];
  expect(rows.map((row) => [valueIn(row, age, 0), valueIn(row, sex, 1)])).toEqual([[1, 'f'], [2, undefined]]);
}); // prettier-ignore

test.each([
  ['a number for each row', { predictions: [0.5, 0.25] }, [0.5, 0.25]],
  ['a list for each row', { outputs: { y: [[0.5], [0.25]] } }, [0.5, 0.25]],
  ['by name', { result: [{ y: 0.5 }, { y: 0.25 }] }, [0.5, 0.25]],
  ['a text', { predictions: ['0.5', 'x'] }, [0.5, undefined]],
])('outputs that are %s are read', (_, value, expected) => {
  const y = { name: 'y', tensor: 'y', element: 0, kind: 'numeric' } as const;
  expect(rowsOfJson(value, 10)?.map((row) => valueIn(row, y, 0))).toEqual(expected);
});

test.each([
  ['scores', { predictions: [[0.1, 0.7, 0.2]] }, ['1', 0.7]],
  ['named classes', { predictions: [[{ index: 1, label: 'one', score: 0.7 }]] }, ['1', 0.7]],
  ['a class alone', { predictions: [1] }, ['1', undefined]],
])('the class is read from %s', (_, value, expected) => {
  const [row = {}] = rowsOfJson(value, 10) ?? [];
  const of = (summary: 'class' | 'confidence') => ({ name: 's', tensor: 's', summary }) as const;
  expect([valueIn(row, { ...of('class'), kind: 'categorical' }, 0), valueIn(row, { ...of('confidence'), kind: 'numeric' }, 1)]).toEqual(expected); // prettier-ignore
});

test('what holds no rows gives none', () => {
  expect(rowsOfJson('text', 10)).toBeUndefined();
  expect(rowsOfJson(undefined, 10)).toBeUndefined();
  expect(rowsOfJson({ data: [] }, 10)).toEqual([]);
});

test('of many rows some that lie evenly are taken, and tensors are read by rows', () => {
  const data = Float32Array.from({ length: 200 }, (_, place) => place);
  const rows = rowsOfTensors({ x: { datatype: 'FP32', shape: [100, 2], data } }, 4);
  expect(rows.map((row) => valueIn(row, age, 0))).toEqual([0, 50, 100, 150]);
  const half = rowsOfTensors({ x: { datatype: 'FP16', shape: [1, 2], data: Uint16Array.of(0x3c00, 0xc000) } }, 4);
  expect(valueIn(half[0] ?? {}, age, 0)).toBe(1);
  const long = rowsOfTensors({ x: { datatype: 'INT64', shape: [1, 2], data: BigInt64Array.of(7n, 8n) } }, 4);
  expect([valueIn(long[0] ?? {}, age, 0), valueIn(long[0] ?? {}, sex, 1)]).toEqual([7, '8']);
});

test('an image is summed up', () => {
  const [row = {}] = rowsOfTensors(
    { x: { datatype: 'UINT8', shape: [1, 1, 2, 2], data: Uint8Array.of(0, 0, 4, 4) } },
    1,
  );
  const of = (summary: 'mean' | 'deviation' | 'minimum' | 'maximum') => valueIn(row, { name: summary, tensor: 'x', summary, kind: 'numeric' }, 0); // prettier-ignore
  expect([of('mean'), of('deviation'), of('minimum'), of('maximum')]).toEqual([2, 2, 0, 4]);
});
