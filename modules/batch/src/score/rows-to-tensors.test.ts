import type { Datatype, TensorSpec } from '@edgewright/contract';
import { describe, expect, it } from 'vitest';
import { resolveColumns } from './resolve-columns.ts';
import { rowsToTensors } from './rows-to-tensors.ts';
import { tensorsToResults } from './tensors-to-results.ts';

const spec = (name: string, shape: number[], datatype: Datatype = 'FP32'): TensorSpec => ({ name, shape, datatype });
const model = (...inputs: TensorSpec[]) => ({ name: 'm', signature: { inputs, outputs: [] } });
const table = (...columns: string[]) => ({ key: 't.csv', columns });

describe('columns', () => {
  it('go into the one input in their order, or as the job says', () => {
    const plan = resolveColumns(table('a', 'b'), model(spec('x', [-1, 2])), { rowsPerRun: 8 });
    expect(plan).toMatchObject({ rowsPerRun: 8, inputs: [{ columns: [0, 1] }] });
    const chosen = resolveColumns(table('a', 'b', 'c'), model(spec('x', [1, 2])), {
      columns: ['c', 'a'],
      rowsPerRun: 8,
    });
    expect(chosen).toMatchObject({ rowsPerRun: 1, inputs: [{ columns: [2, 0] }] });
  });

  it('go into several inputs by their names', () => {
    const plan = resolveColumns(table('y', 'x'), model(spec('x', [-1]), spec('y', [-1, 1])), { rowsPerRun: 8 });
    expect(plan.inputs.map(({ columns }) => columns)).toEqual([[1], [0]]);
  });

  it.each([
    [table('a', 'b', 'target'), model(spec('x', [-1, 2])), {}, '"x" takes 2 numbers a row, and 3 columns were chosen'],
    [table('a'), model(spec('x', [-1, 1])), { columns: ['q'] }, 'there is no column "q"'],
    [table('a'), model(spec('x', [-1, 1])), { columns: { y: ['a'] } }, '"columns" names "y", which is no input'],
    [table('a', 'b'), model(spec('x', [-1]), spec('y', [-1])), {}, 'there is no column for the input "x"'],
    [table('a', 'b'), model(spec('x', [4, 2])), {}, 'no common first dimension'],
  ])('that do not fit are refused with both sides', (given, to, job, reason) => {
    expect(() => resolveColumns(given, to, { rowsPerRun: 8, ...job })).toThrow(reason);
  });
});

describe('rows', () => {
  const plan = (...inputs: TensorSpec[]) =>
    resolveColumns(table(...inputs.map(({ name }) => name)), model(...inputs), { rowsPerRun: 8 });

  it('become tensors, and those that cannot say why', () => {
    const two = resolveColumns(table('a', 'b'), model(spec('x', [-1, 2])), { rowsPerRun: 8 });
    const { inputs, good, faults } = rowsToTensors(
      [
        ['1', '2.5'],
        ['x', '1'],
        ['', '1'],
        ['3', 'NaN'],
        [4, true],
      ],
      two,
    );
    expect(good).toEqual([0, 3]);
    expect(inputs['x']).toMatchObject({ shape: [2, 2], data: Float32Array.from([1, 2.5, 3, Number.NaN]) });
    expect([...faults]).toEqual([
      [1, 'the column "a" is "x", which is no FP32'],
      [2, 'the column "a" is empty'],
      [4, 'the column "b" is true, which is no FP32'],
    ]);
  });

  it.each<[Datatype, unknown, unknown]>([
    ['INT32', '7', 7],
    ['INT32', '7.5', undefined],
    ['UINT8', '256', undefined],
    ['INT64', '9223372036854775807', 9223372036854775807n],
    ['INT64', '9223372036854775808', undefined],
    ['BOOL', 'True', 1],
    ['BOOL', '2', undefined],
    ['BYTES', 5, '5'],
    ['FP16', '1', 0x3c00],
    ['FP64', '1e400', Infinity],
    ['FP64', ' ', undefined],
  ])('of %s: %j is %s', (datatype, cell, element) => {
    const { inputs, good } = rowsToTensors([[cell]], plan(spec('x', [-1], datatype)));
    expect(good.length === 0 ? undefined : inputs['x']?.data[0]).toEqual(element);
  });
});

it('results are the values of rows', () => {
  const scores = { datatype: 'FP32', shape: [2, 2], data: Float32Array.from([1, 2, 3, Infinity]) } as const;
  expect(tensorsToResults({ scores }, 2)).toEqual(['[1,2]', '[3,"Infinity"]']);
  const label = { datatype: 'INT64', shape: [2], data: BigInt64Array.from([1n, 2n]) } as const;
  expect(tensorsToResults({ label, scores }, 2)[1]).toBe('{"label":2,"scores":[3,"Infinity"]}');
  expect(() => tensorsToResults({ label }, 3)).toThrow('the shape [2] for 3 rows');
});
