import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { EngineModel } from '@edgewright/engine';
import { graphModelFiles, layersModelFiles, tfText } from '../../examples/model-files/tfjs-model.ts';
import type { ModelFile, TfGraph, TfNode, TfType } from '../../examples/model-files/tfjs-model.ts';
import { temporaryFolder } from './engine-fixture.ts';
import { perceptronWeights } from './tiny-models.ts';

// The models of tiny-models.ts again, as graph and as layers models of TensorFlow.js: the same functions, names and shapes.

const float = { T: { type: 'DT_FLOAT' } } as const;
const generatedBy = 'edgewright tests';

/** Writes a model's files into a folder of their own and names its `model.json`, as the engine takes it. */
export async function tfjsModel(files: readonly ModelFile[], name = 'tiny', version = 1): Promise<EngineModel> {
  const folder = path.join(await temporaryFolder(), name, String(version));
  await mkdir(folder, { recursive: true });
  for (const file of files) await writeFile(path.join(folder, file.name), file.bytes);
  return { name, version, path: path.join(folder, 'model.json'), format: 'tfjs' };
}

/** `y = 2 x + 1`: `x` FP32[-1,3] to `y` FP32[-1,3]. The nodes have other names than the signature. */
export function affineGraph(): ModelFile[] {
  return tinyGraph({
    inputs: [{ name: 'x', node: 'serving_default_x', shape: [-1, 3] }],
    outputs: [{ name: 'y', node: 'Identity', shape: [-1, 3] }],
    nodes: [
      { name: 'scaled', op: 'Mul', input: ['serving_default_x', 'factor'], attr: float },
      { name: 'shifted', op: 'AddV2', input: ['scaled', 'one'], attr: float },
      { name: 'Identity', op: 'Identity', input: ['shifted'], attr: float },
    ],
    weights: [
      { name: 'factor', shape: [1], values: [2] },
      { name: 'one', shape: [1], values: [1] },
    ],
  });
}

/** The same as one dense layer: a diagonal of twos, and ones to add. */
export function affineLayers(): ModelFile[] {
  return layersModelFiles({
    generatedBy,
    className: 'Sequential',
    config: { name: 'affine', layers: [inputLayer('x', 3), dense('y', { units: 3 })] },
    weights: [
      { name: 'y/kernel', shape: [3, 3], values: [2, 0, 0, 0, 2, 0, 0, 0, 2] },
      { name: 'y/bias', shape: [3], values: [1, 1, 1] },
    ],
  });
}

/** Two inputs, two outputs: `sum = a + b`, `product = a · b`, FP32[-1]. */
export function sumAndProductGraph(): ModelFile[] {
  return tinyGraph({
    inputs: ['a', 'b'].map((name) => ({ name, shape: [-1] })),
    outputs: ['sum', 'product'].map((name) => ({ name, shape: [-1] })),
    nodes: [
      { name: 'sum', op: 'AddV2', input: ['a', 'b'], attr: float },
      { name: 'product', op: 'Mul', input: ['a', 'b'], attr: float },
    ],
    weights: [],
  });
}

/** The same as layers that merge; layers need a second dimension, so the shapes are FP32[-1,1]. */
export function sumAndProductLayers(): ModelFile[] {
  const merge = (className: string, name: string): object => ({
    class_name: className,
    name,
    config: { name },
    inbound_nodes: [[['a', 0, 0, {}], ['b', 0, 0, {}]]], // prettier-ignore
  });
  return layersModelFiles({
    generatedBy,
    className: 'Functional',
    config: {
      name: 'sumAndProduct',
      layers: [
        { name: 'a', inbound_nodes: [], ...inputLayer('a', 1) },
        { name: 'b', inbound_nodes: [], ...inputLayer('b', 1) },
        merge('Add', 'sum'),
        merge('Multiply', 'product'),
      ],
      input_layers: [['a', 0, 0], ['b', 0, 0]], // prettier-ignore
      output_layers: [['sum', 0, 0], ['product', 0, 0]], // prettier-ignore
    },
    weights: [],
  });
}

/** A perceptron with one hidden layer, with the weights of `perceptronOnnx`. */
export function perceptronGraph(inputs: number, hidden: number, outputs: number): ModelFile[] {
  return tinyGraph({
    inputs: [{ name: 'x', shape: [-1, inputs] }],
    outputs: [{ name: 'y', shape: [-1, outputs] }],
    nodes: [
      { name: 'h', op: 'MatMul', input: ['x', 'w1'], attr: float },
      { name: 'r', op: 'Relu', input: ['h'], attr: float },
      { name: 'y', op: 'MatMul', input: ['r', 'w2'], attr: float },
    ],
    weights: [
      { name: 'w1', shape: [inputs, hidden], values: perceptronWeights(inputs, hidden) },
      { name: 'w2', shape: [hidden, outputs], values: perceptronWeights(hidden, outputs) },
    ],
  });
}

/** The same as two dense layers. */
export function perceptronLayers(inputs: number, hidden: number, outputs: number): ModelFile[] {
  const layers = [
    inputLayer('x', inputs),
    dense('h', { units: hidden, activation: 'relu', use_bias: false }),
    dense('y', { units: outputs, use_bias: false }),
  ];
  return layersModelFiles({
    generatedBy,
    className: 'Sequential',
    config: { name: 'perceptron', layers },
    weights: [
      { name: 'h/kernel', shape: [inputs, hidden], values: perceptronWeights(inputs, hidden) },
      { name: 'y/kernel', shape: [hidden, outputs], values: perceptronWeights(hidden, outputs) },
    ],
  });
}

/** `y = x · x` by an operator that TensorFlow.js has in plain JavaScript only (4.22): `Einsum`. */
export function squaresGraph(): ModelFile[] {
  return tinyGraph({
    inputs: [{ name: 'x', shape: [-1] }],
    outputs: [{ name: 'y', shape: [-1] }],
    nodes: [{ name: 'y', op: 'Einsum', input: ['x', 'x'], attr: { equation: tfText('i,i->i'), N: { i: '2' } } }],
    weights: [],
  });
}

/** One operator from `x` to `y`. */
export function unaryGraph(node: Omit<TfNode, 'name' | 'input'>, type: TfType, shape: readonly number[]): ModelFile[] {
  return tinyGraph({
    inputs: [{ name: 'x', type, shape }],
    outputs: [{ name: 'y', type, shape }],
    nodes: [{ name: 'y', input: ['x'], ...node }],
    weights: [],
  });
}

/** A graph model from its parts. */
export function tinyGraph(graph: Omit<TfGraph, 'generatedBy'>): ModelFile[] {
  return graphModelFiles({ generatedBy, ...graph });
}

/** The same files with another `model.json`. */
export function withDocument(
  files: readonly ModelFile[],
  change: (document: Record<string, unknown>) => void,
): ModelFile[] {
  return files.map((file) => {
    if (file.name !== 'model.json') return file;
    const document = JSON.parse(Buffer.from(file.bytes).toString()) as Record<string, unknown>;
    change(document);
    return { name: file.name, bytes: Buffer.from(JSON.stringify(document)) };
  });
}

function inputLayer(name: string, width: number): { class_name: string; config: object } {
  return { class_name: 'InputLayer', config: { name, batch_input_shape: [null, width], dtype: 'float32' } };
}

function dense(name: string, config: object): object {
  return { class_name: 'Dense', config: { name, ...config } };
}
