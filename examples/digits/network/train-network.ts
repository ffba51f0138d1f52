import { multiplyLeftTransposed, multiplyRightTransposed, sumOfRows } from './matrix.ts';
import { extents, FLAT, forward, parameters } from './network.ts';
import type { Activations, Network, ParameterName } from './network.ts';
import { gatherPatches, WINDOW } from './patches.ts';
import { unpool } from './pooling.ts';
import { seededRandom, shuffled } from './random.ts';
import type { Random } from './random.ts';

/** Images of 64 pixels from 0 to 1, one after the other, and what they show. */
export interface Lesson {
  readonly images: Float32Array;
  readonly labels: readonly number[];
}

export interface TrainingOptions {
  readonly seed: number;
  /** How often all images are gone through. */
  readonly epochs: number;
  /** Hears the mean loss after each epoch. */
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

const BATCH = 32;
const LEARNING_RATE = 0.004;
const names = Object.keys(parameters) as ParameterName[];

/** Trains the network from random weights: mini-batches, cross-entropy, Adam with a rate that falls to zero. */
export function trainNetwork(lesson: Lesson, options: TrainingOptions): Network {
  const random = seededRandom(options.seed);
  const network = randomNetwork(random);
  const learn = adam(network);
  const batches = Math.ceil(lesson.labels.length / BATCH);
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    const order = shuffled(lesson.labels.length, random);
    let loss = 0;
    for (let batch = 0; batch < batches; batch += 1) {
      const part = pick(lesson, order.slice(batch * BATCH, (batch + 1) * BATCH));
      const activations = forward(network, part.images);
      loss += lossOf(activations.probabilities, part.labels);
      const progress = (epoch + batch / batches) / options.epochs;
      learn(gradientsOf(network, activations, part.labels), LEARNING_RATE * (1 - progress));
    }
    options.onEpoch?.(epoch, loss / lesson.labels.length);
  }
  return network;
}

/** Kernels around zero, the narrower the more numbers an output sums up (He); no bias. */
function randomNetwork(random: Random): Network {
  const weights = names.map((name) => {
    const parameter = parameters[name];
    const length = parameter.shape.reduce((product, extent) => product * extent, 1);
    if (!('fanIn' in parameter)) return [name, new Float32Array(length)] as const;
    const deviation = Math.sqrt(2 / parameter.fanIn);
    return [name, Float32Array.from({ length }, () => random.normal() * deviation)] as const;
  });
  return Object.fromEntries(weights) as Network;
}

function pick(lesson: Lesson, rows: readonly number[]): Lesson {
  const size = extents.side ** 2;
  const images = new Float32Array(rows.length * size);
  rows.forEach((row, i) => images.set(lesson.images.subarray(row * size, (row + 1) * size), i * size));
  return { images, labels: rows.map((row) => lesson.labels[row] ?? 0) };
}

/** Cross-entropy, summed over the images. */
function lossOf(probabilities: Float32Array, labels: readonly number[]): number {
  return labels.reduce((sum, label, i) => sum - Math.log((probabilities[i * extents.classes + label] ?? 0) + 1e-12), 0);
}

/** Which way each weight raises the loss: the layers backwards, from the probabilities to the first kernel. */
function gradientsOf(network: Network, given: Activations, labels: readonly number[]): Network {
  const { side, half, channels1, channels2, classes } = extents;
  const count = labels.length;
  const pixels1 = count * side ** 2;
  const pixels2 = count * half ** 2;
  const outer = Float32Array.from(
    given.probabilities,
    (value, i) => (value - (labels[Math.floor(i / classes)] === i % classes ? 1 : 0)) / count,
  );
  const hidden2 = multiplyRightTransposed(outer, network.kernel3, { rows: count, inner: classes, columns: FLAT });
  dropUnlit(hidden2, given.hidden2);
  const window2 = WINDOW ** 2 * channels1;
  const shape2 = { rows: pixels2, inner: channels2, columns: window2 };
  const patches2 = multiplyRightTransposed(hidden2, network.kernel2, shape2);
  const pooled = gatherPatches(patches2, { count, side: half, channels: channels1 });
  const hidden1 = unpool(pooled, given.pooled, given.hidden1.length);
  dropUnlit(hidden1, given.hidden1);
  return {
    kernel1: multiplyLeftTransposed(given.patches1, hidden1, { rows: WINDOW ** 2, inner: pixels1, columns: channels1 }),
    bias1: sumOfRows(hidden1, channels1),
    kernel2: multiplyLeftTransposed(given.patches2, hidden2, { rows: window2, inner: pixels2, columns: channels2 }),
    bias2: sumOfRows(hidden2, channels2),
    kernel3: multiplyLeftTransposed(given.hidden2, outer, { rows: FLAT, inner: count, columns: classes }),
    bias3: sumOfRows(outer, classes),
  };
}

/** What the rectifier cut off has no gradient. */
function dropUnlit(gradients: Float32Array, outputs: Float32Array): void {
  outputs.forEach((output, i) => {
    if (output <= 0) gradients[i] = 0;
  });
}

/** Adam (Kingma and Ba, 2015): steps by the running mean of the gradients over the root of that of their squares. */
function adam(network: Network): (gradients: Network, rate: number) => void {
  const [decay1, decay2] = [0.9, 0.999];
  const empty = (): Network =>
    Object.fromEntries(names.map((name) => [name, new Float32Array(network[name].length)])) as Network;
  const means = empty();
  const squares = empty();
  let step = 0;
  return (gradients, rate) => {
    step += 1;
    for (const name of names) {
      const [weights, mean, square] = [network[name], means[name], squares[name]];
      gradients[name].forEach((gradient, i) => {
        const m = decay1 * (mean[i] ?? 0) + (1 - decay1) * gradient;
        const s = decay2 * (square[i] ?? 0) + (1 - decay2) * gradient ** 2;
        mean[i] = m;
        square[i] = s;
        const unbiased = m / (1 - decay1 ** step) / (Math.sqrt(s / (1 - decay2 ** step)) + 1e-8);
        weights[i] = (weights[i] ?? 0) - rate * unbiased;
      });
    }
  };
}
