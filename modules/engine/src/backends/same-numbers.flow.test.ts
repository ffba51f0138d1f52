import { describe, expect, it, onTestFinished } from 'vitest';
import { modelFile } from '../../../../test/support/engine-fixture.ts';
import {
  affineOnnx,
  perceptronOnnx,
  perceptronWeights,
  sumAndProductOnnx,
} from '../../../../test/support/tiny-models.ts';
import {
  affineGraph,
  affineLayers,
  perceptronGraph,
  perceptronLayers,
  sumAndProductGraph,
  sumAndProductLayers,
  tfjsModel,
} from '../../../../test/support/tiny-tfjs.ts';
import type { EngineModel } from '../engine-options.ts';
import type { Tensor } from '../tensor.ts';
import type { Backend, Session } from './backend.ts';
import { onnxBackend } from './onnx/backend.ts';
import { tfjsBackend } from './tfjs/backend.ts';
import { wasmBackend } from './wasm/backend.ts';

// One suite for every backend that runs models on this machine: the same functions in each one's own format, the same
// numbers. Sums of a few products may be off by 1e-6 (the order of the additions differs); all else is exact.

interface Contestant {
  readonly name: string;
  readonly backend: Backend;
  readonly affine: () => Promise<EngineModel>;
  readonly sumAndProduct: () => Promise<EngineModel>;
  readonly perceptron: () => Promise<EngineModel>;
  /** Layers have a dimension for rows and one more. */
  readonly extent: (rows: number) => readonly number[];
}

const onnx = {
  affine: () => modelFile(affineOnnx()),
  sumAndProduct: () => modelFile(sumAndProductOnnx()),
  perceptron: () => modelFile(perceptronOnnx(4, 8, 2)),
  extent: (rows: number) => [rows],
};

const contestants: readonly Contestant[] = [
  { name: 'onnx', backend: onnxBackend, ...onnx },
  { name: 'wasm', backend: wasmBackend, ...onnx },
  {
    name: 'tfjs with graph models',
    backend: tfjsBackend,
    affine: () => tfjsModel(affineGraph()),
    sumAndProduct: () => tfjsModel(sumAndProductGraph()),
    perceptron: () => tfjsModel(perceptronGraph(4, 8, 2)),
    extent: (rows) => [rows],
  },
  {
    name: 'tfjs with layers models',
    backend: tfjsBackend,
    affine: () => tfjsModel(affineLayers()),
    sumAndProduct: () => tfjsModel(sumAndProductLayers()),
    perceptron: () => tfjsModel(perceptronLayers(4, 8, 2)),
    extent: (rows) => [rows, 1],
  },
];

const fp32 = (shape: readonly number[], values: readonly number[]): Tensor => ({
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
});

async function load(backend: Backend, model: EngineModel): Promise<Session> {
  const session = await backend.load(model, { threads: 1 });
  onTestFinished(() => session.release());
  return session;
}

describe.each(contestants)('$name', ({ backend, affine, sumAndProduct, perceptron, extent }) => {
  it('is available here, with a reason', async () => {
    expect(await backend.probe()).toEqual({ available: true, reason: expect.stringMatching(/ /) as string });
  });

  it('says what a model takes and gives, with -1 for free dimensions', async () => {
    const { signature, leftOut } = await load(backend, await affine());
    expect(signature).toEqual({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
    });
    expect(leftOut).toEqual([]);
  });

  it('computes 2 x + 1, for batches of any size', async () => {
    const session = await load(backend, await affine());
    for (const rows of [1, 7, 0, 64]) {
      const values = Array.from({ length: rows * 3 }, (_, i) => i / 4);
      const { y } = await session.run({ x: fp32([rows, 3], values) });
      expect(y).toEqual(fp32([rows, 3], values.map((value) => 2 * value + 1))); // prettier-ignore
    }
  });

  it('takes and gives several tensors by name, in any order', async () => {
    const session = await load(backend, await sumAndProduct());
    const shape = extent(2);
    const outputs = await session.run({ b: fp32(shape, [4, 5]), a: fp32(shape, [2, 3]) });
    expect(outputs).toEqual({ sum: fp32(shape, [6, 8]), product: fp32(shape, [8, 15]) });
  });

  it('computes a perceptron as it stands in its formula, to 1e-6', async () => {
    const session = await load(backend, await perceptron());
    const x = [1, -2, 3, 0.5];
    const hidden = product(x, perceptronWeights(4, 8)).map((value) => Math.max(0, value));
    const expected = product(hidden, perceptronWeights(8, 2));
    const { y } = await session.run({ x: fp32([1, 4], x) });
    const off = Array.from(y?.data as Float32Array, (value, i) => Math.abs(value - (expected[i] ?? Number.NaN)));
    expect(off).toHaveLength(2);
    expect(Math.max(...off)).toBeLessThan(1e-6);
  });

  it('runs the same session again and again with the same result', async () => {
    const session = await load(backend, await affine());
    const run = async (): Promise<unknown> => (await session.run({ x: fp32([1, 3], [1, 2, 3]) }))['y']?.data;
    const results = [await run(), ...(await Promise.all([run(), run()])), await run()];
    expect(results).toEqual(results.map(() => Float32Array.of(3, 5, 7)));
  });

  it('runs several models side by side', async () => {
    const [one, two] = [await load(backend, await affine()), await load(backend, await perceptron())];
    const first = await two.run({ x: fp32([1, 4], [1, 2, 3, 4]) });
    const [{ y }, again] = await Promise.all([
      one.run({ x: fp32([1, 3], [1, 2, 3]) }),
      two.run({ x: fp32([1, 4], [1, 2, 3, 4]) }),
    ]);
    expect(y?.data).toEqual(Float32Array.of(3, 5, 7));
    expect(again).toEqual(first);
  });
});

/** A row times a matrix, in double precision. */
function product(row: readonly number[], matrix: Float32Array): number[] {
  const columns = matrix.length / row.length;
  return Array.from({ length: columns }, (_, c) =>
    row.reduce((sum, value, r) => sum + value * (matrix[r * columns + c] ?? Number.NaN), 0),
  );
}
