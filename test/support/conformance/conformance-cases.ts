import { fitRidge } from '../../../examples/diabetes/ridge.ts';
import type { LinearModel } from '../../../examples/diabetes/ridge.ts';
import { ridgeToOnnx } from '../../../examples/diabetes/ridge-onnx.ts';
import { readDiabetesTable } from '../../../examples/diabetes/table.ts';
import type { ModelFile, TfType } from '../../../examples/model-files/tfjs-model.ts';
import type { Datatype } from '@edgewright/contract';
import type { NamedTensors, Tensor, TensorData } from '@edgewright/engine';
import {
  affineOnnx,
  classifierOnnx,
  externalDataOnnx,
  identityOnnx,
  perceptronOnnx,
  perceptronWeights,
  sumAndProductOnnx,
} from '../tiny-models.ts';
import {
  affineGraph,
  affineLayers,
  perceptronGraph,
  perceptronLayers,
  sumAndProductGraph,
  sumAndProductLayers,
  tinyGraph,
  unaryGraph,
} from '../tiny-tfjs.ts';

/** In which form a model is written: ONNX, or the two of TensorFlow.js. */
export type ModelForm = 'onnx' | 'graph' | 'layers';

/** A model, what it is given, and what must come out. */
export interface ConformanceCase {
  readonly name: string;
  /** The first is the model's main file. */
  readonly files: readonly ModelFile[];
  readonly inputs: NamedTensors;
  readonly expected: NamedTensors;
  /** How far a number may be off, as a part of the larger of 1 and the number expected; 0 is exact, to the bit. */
  readonly tolerance: number;
}

/** The extremes of every element type, which must come back as they went in. */
const extremes: Readonly<Record<Exclude<Datatype, 'BF16'>, TensorData>> = {
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

const tensorFlowTypes: Readonly<Partial<Record<Datatype, TfType>>> = {
  FP32: 'DT_FLOAT',
  INT32: 'DT_INT32',
  BOOL: 'DT_BOOL',
  BYTES: 'DT_STRING',
};

const fp32 = (shape: readonly number[], values: readonly number[]): Tensor => ({
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
});

const onnxFiles = (bytes: Uint8Array): ModelFile[] => [{ name: 'model.onnx', bytes }];

/** The same functions in one form: the same inputs, the same numbers. */
export async function conformanceCases(form: ModelForm): Promise<ConformanceCase[]> {
  return [
    ...affineCases(form),
    sumAndProductCase(form),
    perceptronCase(form),
    ...(form === 'layers' ? [] : await diabetesCases(form)),
    ...typeCases(form),
    ...(form === 'onnx' ? onnxCases() : []),
  ];
}

/** `2 x + 1`, for batches of any size. */
function affineCases(form: ModelForm): ConformanceCase[] {
  const files = { onnx: () => onnxFiles(affineOnnx()), graph: affineGraph, layers: affineLayers }[form]();
  return [1, 7, 0, 64].map((rows) => {
    const values = Array.from({ length: rows * 3 }, (_, i) => i / 4);
    const expected = { y: fp32([rows, 3], values.map((value) => 2 * value + 1)) }; // prettier-ignore
    return { name: `2 x + 1 for ${rows} rows`, files, inputs: { x: fp32([rows, 3], values) }, expected, tolerance: 0 };
  });
}

/** Several inputs and outputs by name, in another order than the model's. Layers have a dimension for rows and one more. */
function sumAndProductCase(form: ModelForm): ConformanceCase {
  const shape = form === 'layers' ? [2, 1] : [2];
  return {
    name: 'a + b and a b',
    files: {
      onnx: () => onnxFiles(sumAndProductOnnx()),
      graph: sumAndProductGraph,
      layers: sumAndProductLayers,
    }[form](),
    inputs: { b: fp32(shape, [4, 5]), a: fp32(shape, [2, 3]) },
    expected: { sum: fp32(shape, [6, 8]), product: fp32(shape, [8, 15]) },
    tolerance: 0,
  };
}

/** The order of additions differs from runtime to runtime. */
function perceptronCase(form: ModelForm): ConformanceCase {
  const x = [1, -2, 3, 0.5];
  const hidden = product(x, perceptronWeights(4, 8)).map((value) => Math.max(0, value));
  const files = {
    onnx: () => onnxFiles(perceptronOnnx(4, 8, 2)),
    graph: () => perceptronGraph(4, 8, 2),
    layers: () => perceptronLayers(4, 8, 2),
  }[form]();
  const expected = { y: fp32([1, 2], product(hidden, perceptronWeights(8, 2))) };
  return { name: 'a perceptron by its formula', files, inputs: { x: fp32([1, 4], x) }, expected, tolerance: 1e-6 };
}

/** Azure ML's tutorial: scikit-learn's figures for its two sample vectors. */
async function diabetesCases(form: 'onnx' | 'graph'): Promise<ConformanceCase[]> {
  const model = fitRidge((await readDiabetesTable()).train, 0.4);
  const ascending = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  return [
    {
      name: "ridge regression with scikit-learn's numbers",
      files: form === 'onnx' ? onnxFiles(ridgeToOnnx(model)) : ridgeGraph(model),
      inputs: { features: fp32([2, 10], [...ascending, ...ascending.toReversed()]) },
      expected: { progression: fp32([2, 1], [5215.1803, 3727.0253]) },
      tolerance: 1e-5,
    },
  ];
}

function ridgeGraph({ coef, intercept }: LinearModel): ModelFile[] {
  const float = { T: { type: 'DT_FLOAT' } } as const;
  return tinyGraph({
    inputs: [{ name: 'features', shape: [-1, coef.length] }],
    outputs: [{ name: 'progression', shape: [-1, 1] }],
    nodes: [
      { name: 'scaled', op: 'MatMul', input: ['features', 'coef'], attr: float },
      { name: 'progression', op: 'AddV2', input: ['scaled', 'intercept'], attr: float },
    ],
    weights: [
      { name: 'coef', shape: [coef.length, 1], values: coef },
      { name: 'intercept', shape: [1], values: [intercept] },
    ],
  });
}

function typeCases(form: ModelForm): ConformanceCase[] {
  return (Object.keys(extremes) as (keyof typeof extremes)[]).flatMap((datatype) => {
    const type = tensorFlowTypes[datatype];
    if (form === 'layers' || (form === 'graph' && type === undefined)) return [];
    const tensor = { datatype, shape: [3], data: extremes[datatype] };
    const graph = (): ModelFile[] => unaryGraph({ op: 'Identity' }, type ?? 'DT_FLOAT', [-1]);
    const files = form === 'onnx' ? onnxFiles(identityOnnx(datatype)) : graph();
    return [{ name: `${datatype} to the bit`, files, inputs: { x: tensor }, expected: { y: tensor }, tolerance: 0 }];
  });
}

function onnxCases(): ConformanceCase[] {
  const { model, weights } = externalDataOnnx();
  const label: Tensor = { datatype: 'INT64', shape: [2], data: BigInt64Array.of(1n, 0n) };
  return [
    {
      name: 'a scalar',
      files: onnxFiles(identityOnnx('FP32', [])),
      inputs: { x: fp32([], [2.5]) },
      expected: { y: fp32([], [2.5]) },
      tolerance: 0,
    },
    {
      name: 'weights in a file beside the model',
      files: [...onnxFiles(model), { name: 'weights.bin', bytes: weights }],
      inputs: { x: fp32([1, 3], [10, 20, 30]) },
      expected: { y: fp32([1, 3], [11, 22, 33]) },
      tolerance: 0,
    },
    {
      name: 'a classifier whose other output is a sequence of maps',
      files: onnxFiles(classifierOnnx()),
      inputs: { x: fp32([2, 2], [0.1, 0.9, 0.8, 0.2]) },
      expected: { label },
      tolerance: 0,
    },
  ];
}

/** A row times a matrix, in double precision. */
function product(row: readonly number[], matrix: Float32Array): number[] {
  const columns = matrix.length / row.length;
  return Array.from({ length: columns }, (_, c) =>
    row.reduce((sum, value, r) => sum + value * (matrix[r * columns + c] ?? Number.NaN), 0),
  );
}
