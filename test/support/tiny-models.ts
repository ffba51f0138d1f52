import { sequenceOfMaps, tinyOnnx } from './tiny-onnx.ts';
import type { OnnxType } from './tiny-onnx.ts';

/** `y = 2 x + 1` for rows of three: input `x` FP32[N,3], output `y` FP32[N,3]. */
export function affineOnnx(factor = 2): Uint8Array {
  return tinyOnnx({
    inputs: [{ name: 'x', shape: ['N', 3] }],
    outputs: [{ name: 'y', shape: ['N', 3] }],
    nodes: [
      { op: 'Mul', inputs: ['x', 'factor'], outputs: ['scaled'] },
      { op: 'Add', inputs: ['scaled', 'one'], outputs: ['y'] },
    ],
    weights: [
      { name: 'factor', shape: [1], data: Float32Array.of(factor) },
      { name: 'one', shape: [1], data: Float32Array.of(1) },
    ],
  });
}

/** Hands its input on: `x` to `y`, of one element type and shape. */
export function identityOnnx(type: OnnxType, shape: readonly (number | string)[] = ['N']): Uint8Array {
  return tinyOnnx({
    inputs: [{ name: 'x', type, shape }],
    outputs: [{ name: 'y', type, shape }],
    nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
  });
}

/** Two inputs, two outputs: `sum = a + b`, `product = a · b`, FP32[N]. */
export function sumAndProductOnnx(): Uint8Array {
  return tinyOnnx({
    inputs: ['a', 'b'].map((name) => ({ name, shape: ['N'] })),
    outputs: ['sum', 'product'].map((name) => ({ name, shape: ['N'] })),
    nodes: [
      { op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
      { op: 'Mul', inputs: ['a', 'b'], outputs: ['product'] },
    ],
  });
}

/** A chain of matrix products, `x` FP32[N,320] to `y`: with 320 rows each of the `steps` takes about a millisecond. */
export function slowOnnx(steps: number): Uint8Array {
  const width = 320;
  const names = Array.from({ length: steps + 1 }, (_, i) => (i === 0 ? 'x' : i === steps ? 'y' : `step${i}`));
  return tinyOnnx({
    inputs: [{ name: 'x', shape: ['N', width] }],
    outputs: [{ name: 'y', shape: ['N', width] }],
    nodes: names.slice(1).map((name, i) => ({ op: 'MatMul', inputs: [names[i] ?? '', 'weights'], outputs: [name] })),
    weights: [{ name: 'weights', shape: [width, width], data: new Float32Array(width * width).fill(1 / width) }],
  });
}

/** A classifier as skl2onnx writes it: `label` INT64[N], and `probabilities`, a sequence of maps, unless it is left out. */
export function classifierOnnx(options: { readonly label: boolean } = { label: true }): Uint8Array {
  const label = { name: 'label', type: 'INT64', shape: ['N'] } as const;
  return tinyOnnx({
    opsets: { 'ai.onnx.ml': 1 },
    inputs: [{ name: 'x', shape: ['N', 2] }],
    outputs: [...(options.label ? [label] : []), { name: 'probabilities', shape: [], typeProto: sequenceOfMaps() }],
    nodes: [
      ...(options.label
        ? [{ op: 'ArgMax', inputs: ['x'], outputs: ['label'], attributes: { axis: { int: 1 }, keepdims: { int: 0 } } }]
        : []),
      {
        op: 'ZipMap',
        domain: 'ai.onnx.ml',
        inputs: ['x'],
        outputs: ['probabilities'],
        attributes: { classlabels_int64s: { ints: [0, 1] } },
      },
    ],
  });
}

/** `y = x + w` with `w` = [1, 2, 3] in the file `weights.bin` beside the model. */
export function externalDataOnnx(): { readonly model: Uint8Array; readonly weights: Uint8Array } {
  const weights = Float32Array.of(1, 2, 3);
  return {
    model: tinyOnnx({
      inputs: [{ name: 'x', shape: ['N', 3] }],
      outputs: [{ name: 'y', shape: ['N', 3] }],
      nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
      weights: [{ name: 'w', shape: [3], data: { location: 'weights.bin', bytes: weights.byteLength } }],
    }),
    weights: new Uint8Array(weights.buffer),
  };
}

/** The weights between two layers of {@link perceptronOnnx}, in row-major order: they depend on nothing but the sizes. */
export function perceptronWeights(rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * 12.9898) / Math.sqrt(rows));
}

/** A perceptron with one hidden layer: `x` FP32[N,inputs] to `y` FP32[N,outputs]. */
export function perceptronOnnx(inputs: number, hidden: number, outputs: number): Uint8Array {
  return tinyOnnx({
    inputs: [{ name: 'x', shape: ['N', inputs] }],
    outputs: [{ name: 'y', shape: ['N', outputs] }],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w1'], outputs: ['h'] },
      { op: 'Relu', inputs: ['h'], outputs: ['r'] },
      { op: 'MatMul', inputs: ['r', 'w2'], outputs: ['y'] },
    ],
    weights: [
      { name: 'w1', shape: [inputs, hidden], data: perceptronWeights(inputs, hidden) },
      { name: 'w2', shape: [hidden, outputs], data: perceptronWeights(hidden, outputs) },
    ],
  });
}
