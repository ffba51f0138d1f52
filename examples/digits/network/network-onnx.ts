import { onnxFile } from '../../model-files/onnx-file.ts';
import { extents, parameters } from './network.ts';
import type { Network } from './network.ts';
import { WINDOW } from './patches.ts';

const { side, half, channels1, channels2, classes } = extents;
/** One pixel of margin on every side. */
const windowed = { kernel_shape: [WINDOW, WINDOW], pads: [1, 1, 1, 1] } as const;

/**
 * Writes the network as ONNX: input `image` FP32[N,1,8,8], pixels from 0 to 1; output `probabilities` FP32[N,10].
 *
 * ONNX has channels before pixels, the network has them behind: kernels and the rows of the dense layer change places.
 */
export function networkToOnnx(network: Network): Uint8Array {
  return onnxFile({
    name: 'digits',
    producer: 'edgewright examples/digits',
    inputs: [{ name: 'image', shape: ['N', 1, side, side] }],
    outputs: [{ name: 'probabilities', shape: ['N', classes] }],
    nodes: [
      { operator: 'Conv', inputs: ['image', 'kernel1', 'bias1'], output: 'sums1', attributes: windowed },
      { operator: 'Relu', inputs: ['sums1'], output: 'hidden1' },
      {
        operator: 'MaxPool',
        inputs: ['hidden1'],
        output: 'pooled',
        attributes: { kernel_shape: [2, 2], strides: [2, 2] },
      },
      { operator: 'Conv', inputs: ['pooled', 'kernel2', 'bias2'], output: 'sums2', attributes: windowed },
      { operator: 'Relu', inputs: ['sums2'], output: 'hidden2' },
      { operator: 'Flatten', inputs: ['hidden2'], output: 'flat', attributes: { axis: 1 } },
      { operator: 'Gemm', inputs: ['flat', 'kernel3', 'bias3'], output: 'scores' },
      { operator: 'Softmax', inputs: ['scores'], output: 'probabilities', attributes: { axis: 1 } },
    ],
    weights: [
      { name: 'kernel1', shape: [channels1, 1, WINDOW, WINDOW], values: kernel(network.kernel1, 1, channels1) },
      { name: 'bias1', shape: [channels1], values: network.bias1 },
      {
        name: 'kernel2',
        shape: [channels2, channels1, WINDOW, WINDOW],
        values: kernel(network.kernel2, channels1, channels2),
      },
      { name: 'bias2', shape: [channels2], values: network.bias2 },
      { name: 'kernel3', shape: parameters.kernel3.shape, values: denseRows(network.kernel3) },
      { name: 'bias3', shape: [classes], values: network.bias3 },
    ],
  });
}

/** From [place in the window][channel in][channel out] to [channel out][channel in][place in the window]. */
function kernel(values: Float32Array, channelsIn: number, channelsOut: number): Float32Array {
  const places = WINDOW ** 2;
  return Float32Array.from(values, (_, i) => {
    const place = i % places;
    const channelIn = Math.floor(i / places) % channelsIn;
    const channelOut = Math.floor(i / places / channelsIn);
    return values[(place * channelsIn + channelIn) * channelsOut + channelOut] ?? Number.NaN;
  });
}

/** From rows by [pixel][channel] to rows by [channel][pixel]. */
function denseRows(values: Float32Array): Float32Array {
  const pixels = half ** 2;
  return Float32Array.from(values, (_, i) => {
    const column = i % classes;
    const pixel = Math.floor(i / classes) % pixels;
    const channel = Math.floor(i / classes / pixels);
    return values[(pixel * channels2 + channel) * classes + column] ?? Number.NaN;
  });
}
