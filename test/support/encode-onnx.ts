import protobuf from 'protobufjs/light.js';

/** One value of a graph; `shape` undefined means of unknown rank, a text is a named dimension, null an unnamed one. */
export interface OnnxValue {
  readonly name: string;
  /** `TensorProto.DataType`; default 1, float. */
  readonly elementType?: number;
  readonly shape?: readonly (number | string | null)[];
  /** A type other than a dense tensor, as protobufjs takes it. */
  readonly type?: object;
}

export interface OnnxTensor {
  readonly name: string;
  readonly dims?: readonly number[];
  readonly rawData?: Uint8Array;
  /** Weights in another file. */
  readonly location?: string;
}

export interface OnnxNode {
  readonly opType: string;
  readonly domain?: string;
  /** Graphs inside attributes: the bodies of loops and branches. */
  readonly graphs?: readonly OnnxGraph[];
}

export interface OnnxGraph {
  readonly nodes?: readonly OnnxNode[];
  readonly inputs?: readonly OnnxValue[];
  readonly outputs?: readonly OnnxValue[];
  readonly initializers?: readonly OnnxTensor[];
}

export interface OnnxFile extends OnnxGraph {
  readonly irVersion?: number;
  readonly producerName?: string;
  readonly opsets?: Readonly<Record<string, number>>;
  readonly functions?: readonly {
    readonly name: string;
    readonly domain: string;
    readonly nodes: readonly OnnxNode[];
  }[];
}

const string = (id: number): { type: string; id: number } => ({ type: 'string', id });
const many = (type: string, id: number): { rule: string; type: string; id: number } => ({ rule: 'repeated', type, id });

/** onnx.proto, written down a second time, so that tests do not read with the descriptor that they wrote with. */
const root = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: { type: 'int64', id: 1 },
        producerName: string(2),
        graph: { type: 'Graph', id: 7 },
        opsetImport: many('Opset', 8),
        functions: many('Function', 25),
      },
    },
    Opset: { fields: { domain: string(1), version: { type: 'int64', id: 2 } } },
    Function: { fields: { name: string(1), node: many('Node', 7), domain: string(10) } },
    Graph: {
      fields: {
        node: many('Node', 1),
        name: string(2),
        initializer: many('Tensor', 5),
        input: many('Value', 11),
        output: many('Value', 12),
      },
    },
    Node: { fields: { opType: string(4), attribute: many('Attribute', 5), domain: string(7) } },
    Attribute: { fields: { name: string(1), g: { type: 'Graph', id: 6 }, type: { type: 'int32', id: 20 } } },
    Tensor: {
      fields: {
        dims: many('int64', 1),
        dataType: { type: 'int32', id: 2 },
        name: string(8),
        rawData: { type: 'bytes', id: 9 },
        externalData: many('Entry', 13),
        dataLocation: { type: 'int32', id: 14 },
      },
    },
    Entry: { fields: { key: string(1), value: string(2) } },
    Value: { fields: { name: string(1), type: { type: 'Type', id: 2 } } },
    Type: {
      fields: {
        tensorType: { type: 'TensorType', id: 1 },
        sequenceType: { type: 'Wrapped', id: 4 },
        mapType: { type: 'Map', id: 5 },
        optionalType: { type: 'Wrapped', id: 9 },
      },
    },
    Wrapped: { fields: { elemType: { type: 'Type', id: 1 } } },
    Map: { fields: { keyType: { type: 'int32', id: 1 }, valueType: { type: 'Type', id: 2 } } },
    TensorType: { fields: { elemType: { type: 'int32', id: 1 }, shape: { type: 'Shape', id: 2 } } },
    Shape: { fields: { dim: many('Dim', 1) } },
    Dim: {
      oneofs: { value: { oneof: ['dimValue', 'dimParam'] } },
      fields: { dimValue: { type: 'int64', id: 1 }, dimParam: string(2) },
    },
  },
});

/** The bytes of an ONNX file. Without anything given it is the least one: an empty graph of operator set 13. */
export function encodeOnnx(file: OnnxFile = {}): Uint8Array {
  const type = root.lookupType('Model');
  return type
    .encode(
      type.create({
        irVersion: file.irVersion ?? 8,
        producerName: file.producerName ?? '',
        graph: graphOf(file),
        opsetImport: Object.entries(file.opsets ?? { 'ai.onnx': 13 }).map(([domain, version]) => ({
          domain: domain === 'ai.onnx' ? '' : domain,
          version,
        })),
        functions: (file.functions ?? []).map(({ name, domain, nodes }) => ({ name, domain, node: nodes.map(nodeOf) })),
      }),
    )
    .finish();
}

function graphOf(graph: OnnxGraph): object {
  return {
    name: 'graph',
    node: (graph.nodes ?? []).map(nodeOf),
    initializer: (graph.initializers ?? []).map(tensorOf),
    input: (graph.inputs ?? []).map(valueOf),
    output: (graph.outputs ?? []).map(valueOf),
  };
}

function nodeOf(node: OnnxNode): object {
  return {
    opType: node.opType,
    domain: node.domain ?? '',
    attribute: (node.graphs ?? []).map((graph, index) => ({ name: `body${index}`, type: 5, g: graphOf(graph) })),
  };
}

function tensorOf(tensor: OnnxTensor): object {
  const external =
    tensor.location === undefined
      ? {}
      : { dataLocation: 1, externalData: [{ key: 'location', value: tensor.location }] };
  return {
    name: tensor.name,
    dataType: 1,
    dims: tensor.dims ?? [],
    ...(tensor.rawData === undefined ? {} : { rawData: tensor.rawData }),
    ...external,
  };
}

function valueOf(value: OnnxValue): object {
  const dim = value.shape?.map((size) =>
    size === null ? {} : typeof size === 'string' ? { dimParam: size } : { dimValue: size },
  );
  const tensorType = { elemType: value.elementType ?? 1, ...(dim === undefined ? {} : { shape: { dim } }) };
  return { name: value.name, type: value.type ?? { tensorType } };
}
