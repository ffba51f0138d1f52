import { graphModelFiles, layersModelFiles, tfList, tfText } from '../../model-files/tfjs-model.ts';
import type { ModelFile, TfjsWeights } from '../../model-files/tfjs-model.ts';
import { extents, FLAT, parameters } from './network.ts';
import type { Network, ParameterName } from './network.ts';
import { WINDOW } from './patches.ts';

const { side, channels1, channels2, classes } = extents;
const GENERATED_BY = 'edgewright examples/digits';
const float = { T: { type: 'DT_FLOAT' } } as const;

/**
 * Writes the network as a graph model of TensorFlow.js: input `image` FP32[-1,8,8,1], pixels from 0 to 1; output
 * `probabilities` FP32[-1,10].
 */
export function networkToGraphModel(network: Network): ModelFile[] {
  const convolution = {
    ...float,
    strides: tfList(1, 1, 1, 1),
    dilations: tfList(1, 1, 1, 1),
    padding: tfText('SAME'),
    data_format: tfText('NHWC'),
  };
  const pooling = { ...float, strides: tfList(1, 2, 2, 1), ksize: tfList(1, 2, 2, 1), padding: tfText('VALID') };
  return graphModelFiles({
    generatedBy: GENERATED_BY,
    inputs: [{ name: 'image', shape: [-1, side, side, 1] }],
    outputs: [{ name: 'probabilities', shape: [-1, classes] }],
    nodes: [
      { name: 'conv1', op: 'Conv2D', input: ['image', 'kernel1'], attr: convolution },
      { name: 'sums1', op: 'BiasAdd', input: ['conv1', 'bias1'], attr: float },
      { name: 'hidden1', op: 'Relu', input: ['sums1'], attr: float },
      { name: 'pooled', op: 'MaxPool', input: ['hidden1'], attr: pooling },
      { name: 'conv2', op: 'Conv2D', input: ['pooled', 'kernel2'], attr: convolution },
      { name: 'sums2', op: 'BiasAdd', input: ['conv2', 'bias2'], attr: float },
      { name: 'hidden2', op: 'Relu', input: ['sums2'], attr: float },
      { name: 'flat', op: 'Reshape', input: ['hidden2', 'flatShape'], attr: float },
      { name: 'dense', op: 'MatMul', input: ['flat', 'kernel3'], attr: float },
      { name: 'scores', op: 'BiasAdd', input: ['dense', 'bias3'], attr: float },
      { name: 'probabilities', op: 'Softmax', input: ['scores'], attr: float },
    ],
    weights: [
      ...weightsOf(network, (name) => name),
      { name: 'flatShape', shape: [2], dtype: 'int32', values: [-1, FLAT] },
    ],
  });
}

/** Writes the network as a layers model of TensorFlow.js; the same input and output as the graph model. */
export function networkToLayersModel(network: Network): ModelFile[] {
  const convolution = (name: string, filters: number): object => ({
    class_name: 'Conv2D',
    config: { name, filters, kernel_size: [WINDOW, WINDOW], strides: [1, 1], padding: 'same', activation: 'relu' },
  });
  const layers = [
    { class_name: 'InputLayer', config: { name: 'image', batch_input_shape: [null, side, side, 1], dtype: 'float32' } },
    convolution('conv1', channels1),
    { class_name: 'MaxPooling2D', config: { name: 'pooled', pool_size: [2, 2], strides: [2, 2], padding: 'valid' } },
    convolution('conv2', channels2),
    { class_name: 'Flatten', config: { name: 'flat' } },
    { class_name: 'Dense', config: { name: 'probabilities', units: classes, activation: 'softmax' } },
  ];
  const layerOf = { 1: 'conv1', 2: 'conv2', 3: 'probabilities' } as const;
  return layersModelFiles({
    generatedBy: GENERATED_BY,
    className: 'Sequential',
    config: { name: 'digits', layers },
    weights: weightsOf(network, (name) => {
      const layer = layerOf[Number(name.at(-1)) as keyof typeof layerOf];
      return `${layer}/${name.slice(0, -1)}`;
    }),
  });
}

function weightsOf(network: Network, nameOf: (name: ParameterName) => string): TfjsWeights[] {
  const names = Object.keys(parameters) as ParameterName[];
  return names.map((name) => ({ name: nameOf(name), shape: parameters[name].shape, values: network[name] }));
}
