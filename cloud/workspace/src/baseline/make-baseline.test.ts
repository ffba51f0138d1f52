import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { discardEvents, documentIssues, DriftBaselineSchema } from '@edgewright/contract';
import type { DriftBaseline, ModelSignature } from '@edgewright/contract';
import { makeBaseline } from './make-baseline.ts';
import type { BaselineInput } from './make-baseline.ts';

const signature: ModelSignature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
  outputs: [{ name: 'y', datatype: 'INT64', shape: [-1] }],
};
const digits = fileURLToPath(new URL('../../../../examples/digits/', import.meta.url));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-baseline-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return file;
}

function make(input: BaselineInput, given: ModelSignature | undefined = signature): Promise<DriftBaseline> {
  return makeBaseline(input, { signature: given, model: undefined, events: discardEvents });
}

test('the same rows give the same features, whatever form the table has', async () => {
  const csv = await write('a.csv', 'age;bmi;y\n1;0.5;2\n2;;3\n3;2.5;2\n');
  const lines = await write(
    'a.jsonl',
    '{"age":1,"bmi":0.5,"y":2}\n{"age":2,"bmi":null,"y":3}\n\n{"age":3,"bmi":2.5,"y":2}\n',
  );
  const nested = await write('b.jsonl', '{"x":[1,0.5]}\n{"x":[2,null]}\n{"x":[3,2.5]}\n');
  const parquet = await write(
    'a.parquet',
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'age', data: [1, 2, 3], type: 'INT32' },
          { name: 'bmi', data: [0.5, null, 2.5], type: 'DOUBLE', nullable: true },
          { name: 'y', data: [2n, 3n, 2n], type: 'INT64' },
        ],
      }),
    ),
  );
  const made = await Promise.all([csv, lines, parquet].map((file) => make({ file, targets: ['y'] })));
  for (const each of made) {
    expect(documentIssues(DriftBaselineSchema, each)).toEqual([]);
    expect(each.inputs).toEqual(made[0]?.inputs);
  }
  expect(made[0]?.inputs).toMatchObject([
    { name: 'age', tensor: 'x', element: 0, kind: 'numeric', count: 3, missing: 0, minimum: 1, maximum: 3, mean: 2 },
    { name: 'bmi', tensor: 'x', element: 1, count: 2, missing: 1, edges: [0.5, 2.5], counts: [1, 1] },
  ]);
  const { inputs } = await make({ file: nested });
  expect(inputs.map(({ name, count, missing }) => ({ name, count, missing }))).toEqual([
    { name: 'x[0]', count: 3, missing: 0 },
    { name: 'x[1]', count: 2, missing: 1 },
  ]);
});

test('what a model answers is a table of its own; labels are categories', async () => {
  const file = await write('t.csv', 'a,b\n1,2\n');
  const outputsFile = await write('o.csv', 'label\n7\n7\n3\n');
  const { outputs, outputsSource } = await make({ file, outputsFile });
  expect(outputsSource).toMatchObject({ file: 'o.csv', rows: 3 });
  expect(outputs).toMatchObject([{ name: 'label', tensor: 'y', kind: 'categorical', categories: [{ value: '7', count: 2 }, { value: '3', count: 1 }] }]); // prettier-ignore
});

test('without a signature each column is a feature, a number or one of some texts', async () => {
  const file = await write('s.csv', 'age,sex\n1,f\n2,\n3,m\n');
  const { inputs } = await makeBaseline({ file }, { signature: undefined, model: undefined, events: discardEvents });
  expect(inputs).toMatchObject([
    { name: 'age', kind: 'numeric', count: 3 },
    { name: 'sex', kind: 'categorical', count: 2, missing: 1 },
  ]);
});

test('an input with more elements than are watched is watched by its brightness and contrast', async () => {
  const large: ModelSignature = {
    inputs: [{ name: 'image', datatype: 'UINT8', shape: [-1, 3, 100, 100] }],
    outputs: [],
  };
  const rows = [0, 255].map((value) =>
    JSON.stringify({ image: Array.from({ length: 3 }, () => Array(10_000).fill(value)) }),
  );
  const { inputs } = await make({ file: await write('images.jsonl', rows.join('\n')) }, large);
  expect(inputs.map(({ name, summary }) => [name, summary])).toEqual([
    ['image.mean', 'mean'],
    ['image.deviation', 'deviation'],
    ['image.minimum', 'minimum'],
    ['image.maximum', 'maximum'],
  ]);
  expect(inputs[0]).toMatchObject({ minimum: 0, maximum: 255, count: 2 });
});

test('a model that runs here is asked itself', async () => {
  const { inputs, outputs } = await makeBaseline(
    { file: path.join(digits, 'data/digits.csv'), targets: ['64'] },
    {
      signature: {
        inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 8, 8] }],
        outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 10] }],
      },
      model: { name: 'digits', path: path.join(digits, 'models/digits.onnx'), format: 'onnx' },
      events: discardEvents,
    },
  );
  expect(inputs.length).toBe(64);
  const [classes, confidence] = outputs;
  expect(classes).toMatchObject({ name: 'probabilities.class', kind: 'categorical', count: 1797, other: 0 });
  expect(classes?.kind === 'categorical' && classes.categories.map(({ value }) => value).toSorted()).toEqual(
    Array.from({ length: 10 }, (_, digit) => String(digit)),
  );
  expect(confidence).toMatchObject({ name: 'probabilities.confidence', kind: 'numeric', count: 1797 });
});

test.each([
  ['a.txt', 'x', {}, 'its name ends in none of .csv'],
  ['none.csv', 'a,b\n', {}, 'it has no rows'],
  [
    'wide.csv',
    'a,b,c\n1,2,3\n',
    {},
    'do not fit its 3 columns (a, b, c): "x" has 2 values a row; name columns that are no features with --target',
  ],
  ['target.csv', 'a,b\n1,2\n', { targets: ['y'] }, 'it has no column "y"; its columns are a, b'],
  ['word.csv', 'a,b\n1,2\n3,tall\n', {}, 'in row 2 the column "b" is "tall", which is no number'],
  ['twice.csv', 'a,a\n1,2\n', {}, 'two columns are called "a"'],
  ['short.csv', 'a,b\n1,2\n3\n', {}, 'Invalid Record Length'],
  ['list.jsonl', '[1]\n', {}, 'line 1 is no object'],
  ['broken.jsonl', '{"a": 1, "b": }\n', {}, 'line 1'],
])('%s is refused, and it is said why', async (name, content, more, reason) => {
  const file = await write(name, content);
  await expect(make({ file, ...more })).rejects.toThrow(reason);
});
