import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { modelFile } from '../../../../test/support/engine-fixture.ts';
import {
  affineOnnx,
  classifierOnnx,
  externalDataOnnx,
  identityOnnx,
  perceptronOnnx,
  perceptronWeights,
  sumAndProductOnnx,
} from '../../../../test/support/tiny-models.ts';
import { tinyOnnx } from '../../../../test/support/tiny-onnx.ts';
import type { OnnxType } from '../../../../test/support/tiny-onnx.ts';
import type { Tensor } from '../tensor.ts';
import type { Backend, Session } from './backend.ts';
import { backendList } from './list.ts';

// One suite for every backend that reads ONNX: the same models, the same numbers.
const onnxBackends = backendList.filter((backend) => backend.formats.includes('onnx'));

async function load(backend: Backend, bytes: Uint8Array): Promise<Session> {
  const session = await backend.load(await modelFile(bytes), { threads: 1 });
  onTestFinished(() => session.release());
  return session;
}

const fp32 = (shape: readonly number[], values: readonly number[]): Tensor => ({
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
});

/** A row times a matrix, in double precision. */
function product(row: readonly number[], matrix: Float32Array): number[] {
  const columns = matrix.length / row.length;
  return Array.from({ length: columns }, (_, c) =>
    row.reduce((sum, value, r) => sum + value * (matrix[r * columns + c] ?? Number.NaN), 0),
  );
}

/** The extremes of every element type, which must come back as they went in. */
const elements: Readonly<Record<Exclude<OnnxType, 'BF16'>, Tensor['data']>> = {
  BOOL: Uint8Array.of(0, 1, 1),
  UINT8: Uint8Array.of(0, 1, 255),
  UINT16: Uint16Array.of(0, 1, 65_535),
  UINT32: Uint32Array.of(0, 1, 4_294_967_295),
  UINT64: BigUint64Array.of(0n, 2n ** 53n + 1n, 2n ** 64n - 1n),
  INT8: Int8Array.of(-128, 0, 127),
  INT16: Int16Array.of(-32_768, 0, 32_767),
  INT32: Int32Array.of(-2_147_483_648, 0, 2_147_483_647),
  INT64: BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n, 2n ** 63n - 1n),
  FP16: Uint16Array.of(0x3c00, 0x7bff, 0xfc00),
  FP32: Float32Array.of(Number.NaN, -Infinity, 1.5),
  FP64: Float64Array.of(Number.MIN_VALUE, Number.MAX_VALUE, -0),
  BYTES: ['', 'text', 'ünï→🙂'],
};

describe.each(onnxBackends.map((backend) => ({ name: backend.name, backend })))('the backend $name', ({ backend }) => {
  it('is available here', async () => {
    expect(await backend.probe()).toMatchObject({ available: true });
  });

  it('says what a model takes and gives, with -1 for free dimensions', async () => {
    const { signature } = await load(backend, affineOnnx());
    expect(signature).toEqual({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
    });
  });

  it('computes, for batches of any size', async () => {
    const session = await load(backend, affineOnnx());
    for (const rows of [1, 7, 0, 64]) {
      const values = Array.from({ length: rows * 3 }, (_, i) => i / 4);
      const { y } = await session.run({ x: fp32([rows, 3], values) });
      expect(y?.shape).toEqual([rows, 3]);
      expect(Array.from(y?.data as Float32Array)).toEqual(values.map((value) => 2 * value + 1));
    }
  });

  it('computes a perceptron as it stands in its formula, to 1e-6', async () => {
    const session = await load(backend, perceptronOnnx(4, 8, 2));
    const x = [1, -2, 3, 0.5];
    const hidden = product(x, perceptronWeights(4, 8)).map((value) => Math.max(0, value));
    const expected = product(hidden, perceptronWeights(8, 2));
    const { y } = await session.run({ x: fp32([1, 4], x) });
    const found = Array.from(y?.data as Float32Array);
    expect(found).toHaveLength(2);
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 6));
  });

  it('takes and gives several tensors by name, in any order', async () => {
    const session = await load(backend, sumAndProductOnnx());
    const outputs = await session.run({ b: fp32([2], [4, 5]), a: fp32([2], [2, 3]) });
    expect(Object.keys(outputs).toSorted()).toEqual(['product', 'sum']);
    expect(outputs['sum']?.data).toEqual(Float32Array.of(6, 8));
    expect(outputs['product']?.data).toEqual(Float32Array.of(8, 15));
  });

  it.each(Object.keys(elements) as (keyof typeof elements)[])('carries %s exactly', async (datatype) => {
    const session = await load(backend, identityOnnx(datatype));
    const data = elements[datatype];
    const { y } = await session.run({ x: { datatype, shape: [3], data } });
    expect(session.signature.inputs[0]?.datatype).toBe(datatype);
    expect(y).toEqual({ datatype, shape: [3], data });
  });

  it('carries scalars', async () => {
    const session = await load(backend, identityOnnx('FP32', []));
    const { y } = await session.run({ x: fp32([], [2.5]) });
    expect(y).toEqual(fp32([], [2.5]));
  });

  it('finds weights in a file beside the model', async () => {
    const { model, weights } = externalDataOnnx();
    const file = await modelFile(model);
    await writeFile(path.join(path.dirname(file.path), 'weights.bin'), weights);
    const session = await backend.load(file, { threads: 1 });
    onTestFinished(() => session.release());
    const { y } = await session.run({ x: fp32([1, 3], [10, 20, 30]) });
    expect(y?.data).toEqual(Float32Array.of(11, 22, 33));
  });

  it('hands out the tensors of a classifier and names the maps that it leaves out', async () => {
    const session = await load(backend, classifierOnnx());
    expect(session.leftOut).toEqual(['probabilities']);
    expect(session.signature.outputs.map((output) => output.name)).toEqual(['label']);
    const { label } = await session.run({ x: fp32([2, 2], [0.1, 0.9, 0.8, 0.2]) });
    expect(label).toEqual({ datatype: 'INT64', shape: [2], data: BigInt64Array.of(1n, 0n) });
  });

  it('refuses a model that gives nothing but maps, and says how to export it', async () => {
    await expect(load(backend, classifierOnnx({ label: false }))).rejects.toMatchObject({
      code: 'ModelNotLoadable',
      message: expect.stringContaining('zipmap=False') as string,
    });
  });

  it.each([
    { what: 'bytes that are no model', bytes: Buffer.from('not a model') },
    { what: 'an empty file', bytes: new Uint8Array() },
    { what: 'an operator set of the future', bytes: tinyOnnx({ inputs: [], outputs: [{ name: 'y', shape: [1] }], nodes: [{ op: 'NoSuchOperator', inputs: [], outputs: ['y'] }] }) }, // prettier-ignore
  ])('refuses $what, naming the file and the reason', async ({ bytes }) => {
    const file = await modelFile(bytes, 'broken', 3);
    await expect(backend.load(file, { threads: 1 })).rejects.toMatchObject({
      code: 'ModelNotLoadable',
      message: expect.stringMatching(/^cannot load the model broken:3 from .*model\.onnx: .{10}/) as string,
    });
  });

  it('refuses a model file that is not there', async () => {
    const file = { ...(await modelFile(affineOnnx())), path: '/nowhere/model.onnx' };
    await expect(backend.load(file, { threads: 1 })).rejects.toMatchObject({ code: 'ModelNotLoadable' });
  });

  it('says why a run failed', async () => {
    const session = await load(
      backend,
      tinyOnnx({
        inputs: [{ name: 'x', shape: ['N'] }],
        outputs: [{ name: 'y', shape: ['M'] }],
        nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
        weights: [{ name: 'w', shape: [3], data: Float32Array.of(1, 2, 3) }],
      }),
    );
    await expect(session.run({ x: fp32([2], [1, 2]) })).rejects.toMatchObject({
      code: 'ScoringFailed',
      message: expect.stringContaining('tiny:1') as string,
    });
  });
});
