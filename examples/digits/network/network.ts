import { addToRows, multiply } from './matrix.ts';
import { patchesOf, WINDOW } from './patches.ts';
import { maxPool } from './pooling.ts';
import type { Pooled } from './pooling.ts';

/**
 * The extents of the network: a convolution over 8×8 pixels, halved to 4×4, a second convolution over these, and a dense
 * layer. After each convolution a rectifier, at the end a softmax.
 */
export const extents = { side: 8, half: 4, channels1: 12, channels2: 24, classes: 10 } as const;

/** The inputs of the dense layer: 4×4 pixels with their channels. */
export const FLAT = extents.half ** 2 * extents.channels2;

/** The weights' names, shapes (TensorFlow's order, channels last) and, for kernels, how many numbers one output sums up. */
export const parameters = {
  kernel1: { shape: [WINDOW, WINDOW, 1, extents.channels1], fanIn: WINDOW ** 2 },
  bias1: { shape: [extents.channels1] },
  kernel2: { shape: [WINDOW, WINDOW, extents.channels1, extents.channels2], fanIn: WINDOW ** 2 * extents.channels1 },
  bias2: { shape: [extents.channels2] },
  kernel3: { shape: [FLAT, extents.classes], fanIn: FLAT },
  bias3: { shape: [extents.classes] },
} as const;

export type ParameterName = keyof typeof parameters;

/** A network is its weights. */
export type Network = Readonly<Record<ParameterName, Float32Array>>;

/** What the layers gave on the way to the probabilities. */
export interface Activations {
  readonly patches1: Float32Array;
  readonly hidden1: Float32Array;
  readonly pooled: Pooled;
  readonly patches2: Float32Array;
  readonly hidden2: Float32Array;
  readonly probabilities: Float32Array;
}

/** Runs the network on images of 64 pixels from 0 to 1; `probabilities` has ten numbers an image. */
export function forward(network: Network, images: Float32Array): Activations {
  const { side, half, channels1, channels2, classes } = extents;
  const count = images.length / side ** 2;
  const patches1 = patchesOf(images, { count, side, channels: 1 });
  const shape1 = { rows: count * side ** 2, inner: WINDOW ** 2, columns: channels1 };
  const hidden1 = multiply(patches1, network.kernel1, shape1);
  addToRows(hidden1, network.bias1);
  rectify(hidden1);
  const pooled = maxPool(hidden1, { count, side, channels: channels1 });
  const patches2 = patchesOf(pooled.values, { count, side: half, channels: channels1 });
  const shape2 = { rows: count * half ** 2, inner: WINDOW ** 2 * channels1, columns: channels2 };
  const hidden2 = multiply(patches2, network.kernel2, shape2);
  addToRows(hidden2, network.bias2);
  rectify(hidden2);
  const probabilities = multiply(hidden2, network.kernel3, { rows: count, inner: FLAT, columns: classes });
  addToRows(probabilities, network.bias3);
  for (let i = 0; i < count; i += 1) softmax(probabilities.subarray(i * classes, (i + 1) * classes));
  return { patches1, hidden1, pooled, patches2, hidden2, probabilities };
}

/** The digit that the network sees in each image. */
export function predictDigits(network: Network, images: Float32Array): number[] {
  return mostLikely(forward(network, images).probabilities);
}

/** The place of the largest of each ten numbers. */
export function mostLikely(probabilities: ArrayLike<number>): number[] {
  return Array.from({ length: probabilities.length / extents.classes }, (_, i) => {
    let best = 0;
    for (let c = 1; c < extents.classes; c += 1) {
      if (at(probabilities, i * extents.classes + c) > at(probabilities, i * extents.classes + best)) best = c;
    }
    return best;
  });
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN;
}

function rectify(values: Float32Array): void {
  for (let i = 0; i < values.length; i += 1) values[i] = Math.max(0, values[i] ?? 0);
}

function softmax(values: Float32Array): void {
  const largest = Math.max(...values);
  let sum = 0;
  values.forEach((value, i) => {
    values[i] = Math.exp(value - largest);
    sum += values[i] ?? 0;
  });
  values.forEach((value, i) => {
    values[i] = value / sum;
  });
}
