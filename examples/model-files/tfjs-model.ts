/** Weights: 32-bit floats, the last dimension running fastest; or 32-bit whole numbers, such as a shape. */
export interface TfjsWeights {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
  /** Default `float32`. */
  readonly dtype?: 'float32' | 'int32';
}

/** A file of a model: its name and its bytes. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What stands in `attr` of a node of a TensorFlow graph, in the JSON form of `tensorflow.AttrValue`. */
export type TfAttribute =
  | { readonly type: TfType }
  | { readonly b: boolean }
  | { readonly i: string }
  | { readonly s: string }
  | { readonly list: { readonly i: readonly string[] } }
  | { readonly shape: TfShape };

export type TfType = 'DT_FLOAT' | 'DT_INT32' | 'DT_INT64' | 'DT_BOOL' | 'DT_STRING';

export interface TfShape {
  readonly dim: readonly { readonly size: string }[];
}

export interface TfNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, TfAttribute>>;
}

/** An input or output of a graph; -1 is a free dimension. */
export interface TfValue {
  /** What callers call it. */
  readonly name: string;
  /** The node that it is; default: of the same name. */
  readonly node?: string;
  /** Default `DT_FLOAT`. */
  readonly type?: TfType;
  readonly shape: readonly number[];
}

export interface TfGraph {
  readonly inputs: readonly TfValue[];
  readonly outputs: readonly TfValue[];
  /** All nodes but the inputs' placeholders and the weights' constants, which are written from `inputs` and `weights`. */
  readonly nodes: readonly TfNode[];
  readonly weights: readonly TfjsWeights[];
  readonly generatedBy: string;
}

/** A Keras model in layers, as its `get_config()` gives it. */
export interface KerasModel {
  readonly className: 'Sequential' | 'Functional';
  readonly config: object;
  readonly weights: readonly TfjsWeights[];
  readonly generatedBy: string;
}

const WEIGHTS_FILE = 'weights.bin';

/** A text among attributes: base64, as in all JSON forms of protobuf's bytes. */
export function tfText(value: string): TfAttribute {
  return { s: Buffer.from(value).toString('base64') };
}

/** A list of whole numbers among attributes: 64 bits, hence as text. */
export function tfList(...values: readonly number[]): TfAttribute {
  return { list: { i: values.map(String) } };
}

export function tfShape(shape: readonly number[]): TfShape {
  return { dim: shape.map((size) => ({ size: String(size) })) };
}

/** The files of a graph model: `model.json` and `weights.bin`. */
export function graphModelFiles({ inputs, outputs, nodes, weights, generatedBy }: TfGraph): ModelFile[] {
  const placeholders = inputs.map(({ name, node = name, type = 'DT_FLOAT', shape }) => ({
    name: node,
    op: 'Placeholder',
    attr: { dtype: { type }, shape: { shape: tfShape(shape) } },
  }));
  const constants = weights.map(({ name, dtype, shape }) => {
    const type = dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT';
    return {
      name,
      op: 'Const',
      attr: { dtype: { type }, value: { tensor: { dtype: type, tensorShape: tfShape(shape) } } },
    };
  });
  const valuesOf = (values: readonly TfValue[]): object =>
    Object.fromEntries(
      values.map(({ name, node = name, type = 'DT_FLOAT', shape }) => [
        name,
        { name: `${node}:0`, dtype: type, tensorShape: tfShape(shape) },
      ]),
    );
  const document = {
    format: 'graph-model',
    generatedBy,
    convertedBy: null,
    signature: { inputs: valuesOf(inputs), outputs: valuesOf(outputs) },
    modelTopology: { node: [...placeholders, ...constants, ...nodes], library: {}, versions: { producer: 1087 } },
    weightsManifest: manifestOf(weights),
  };
  return filesOf(document, weights);
}

/** The files of a layers model: `model.json` and `weights.bin`. */
export function layersModelFiles({ className, config, weights, generatedBy }: KerasModel): ModelFile[] {
  const document = {
    format: 'layers-model',
    generatedBy,
    convertedBy: null,
    modelTopology: { class_name: className, config, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' },
    weightsManifest: manifestOf(weights),
  };
  return filesOf(document, weights);
}

function manifestOf(weights: readonly TfjsWeights[]): object[] {
  const entries = weights.map(({ name, shape, dtype = 'float32' }) => ({ name, shape, dtype }));
  return weights.length === 0 ? [] : [{ paths: [WEIGHTS_FILE], weights: entries }];
}

function filesOf(document: object, weights: readonly TfjsWeights[]): ModelFile[] {
  const json = { name: 'model.json', bytes: Buffer.from(`${JSON.stringify(document, null, 1)}\n`) };
  if (weights.length === 0) return [json];
  const parts = weights.map(({ values, dtype }) => {
    const data = Buffer.alloc(values.length * 4);
    for (let i = 0; i < values.length; i += 1) {
      if (dtype === 'int32') data.writeInt32LE(values[i] ?? 0, i * 4);
      else data.writeFloatLE(values[i] ?? 0, i * 4);
    }
    return data;
  });
  return [json, { name: WEIGHTS_FILE, bytes: Buffer.concat(parts) }];
}
