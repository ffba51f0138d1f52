import { Writer } from 'protobufjs/minimal.js';

/** `TensorProto.DataType` of onnx.proto, by the Open Inference Protocol's names. */
export const onnxTypes = {
  FP32: 1, UINT8: 2, INT8: 3, UINT16: 4, INT16: 5, INT32: 6, INT64: 7, BYTES: 8, BOOL: 9, FP16: 10, FP64: 11, UINT32: 12, UINT64: 13, BF16: 16,
} as const; // prettier-ignore

export type OnnxType = keyof typeof onnxTypes;

/** An input or output; a dimension given as text is free. */
export interface TinyValue {
  readonly name: string;
  readonly type?: OnnxType;
  readonly shape: readonly (number | string)[];
  /** Bytes of a TypeProto for what is no tensor. */
  readonly typeProto?: Uint8Array;
}

/** Weights, raw little-endian or in a file beside the model. */
export interface TinyTensor {
  readonly name?: string;
  readonly type?: OnnxType;
  readonly shape: readonly number[];
  readonly data: Uint8Array | Float32Array | BigInt64Array | { readonly location: string; readonly bytes: number };
}

export interface TinyNode {
  readonly op: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, TinyAttribute>>;
}

export type TinyAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly strings: readonly string[] };

export interface TinyModel {
  readonly inputs: readonly TinyValue[];
  readonly outputs: readonly TinyValue[];
  readonly nodes: readonly TinyNode[];
  readonly weights?: readonly TinyTensor[];
  /** Operator sets beside the default domain's 13. */
  readonly opsets?: Readonly<Record<string, number>>;
}

const VARINT = 0;
const FIXED32 = 5;
const LENGTH_DELIMITED = 2;

/** The bytes of an ONNX file that runs (onnx.proto, IR version 8). */
export function tinyOnnx(model: TinyModel): Uint8Array {
  const opset = (domain: string, version: number): Uint8Array =>
    message((w) => void w.uint32(key(1)).string(domain).uint32(key(2, VARINT)).int64(version));
  return message((w) => {
    w.uint32(key(1, VARINT)).int64(8);
    w.uint32(key(7)).bytes(graph(model));
    for (const [domain, version] of Object.entries({ '': 13, ...model.opsets })) {
      w.uint32(key(8)).bytes(opset(domain, version));
    }
  });
}

function graph(model: TinyModel): Uint8Array {
  return message((w) => {
    for (const node of model.nodes) w.uint32(key(1)).bytes(nodeProto(node));
    w.uint32(key(2)).string('tiny');
    for (const weight of model.weights ?? []) w.uint32(key(5)).bytes(tensorProto(weight));
    for (const value of model.inputs) w.uint32(key(11)).bytes(valueInfo(value));
    for (const value of model.outputs) w.uint32(key(12)).bytes(valueInfo(value));
  });
}

function nodeProto(node: TinyNode): Uint8Array {
  return message((w) => {
    for (const name of node.inputs) w.uint32(key(1)).string(name);
    for (const name of node.outputs) w.uint32(key(2)).string(name);
    w.uint32(key(4)).string(node.op);
    for (const [name, value] of Object.entries(node.attributes ?? {}))
      w.uint32(key(5)).bytes(attributeProto(name, value));
    if (node.domain !== undefined) w.uint32(key(7)).string(node.domain);
  });
}

function attributeProto(name: string, value: TinyAttribute): Uint8Array {
  return message((w) => {
    w.uint32(key(1)).string(name);
    if ('float' in value) w.uint32(key(2, FIXED32)).float(value.float).uint32(key(20, VARINT)).int32(1);
    else if ('int' in value) w.uint32(key(3, VARINT)).int64(value.int).uint32(key(20, VARINT)).int32(2);
    else if ('ints' in value) {
      for (const item of value.ints) w.uint32(key(8, VARINT)).int64(item);
      w.uint32(key(20, VARINT)).int32(7);
    } else {
      for (const item of value.strings) w.uint32(key(9)).string(item);
      w.uint32(key(20, VARINT)).int32(8);
    }
  });
}

function tensorProto(tensor: TinyTensor): Uint8Array {
  return message((w) => {
    for (const dimension of tensor.shape) w.uint32(key(1, VARINT)).int64(dimension);
    w.uint32(key(2, VARINT)).int32(onnxTypes[tensor.type ?? 'FP32']);
    if (tensor.name !== undefined) w.uint32(key(8)).string(tensor.name);
    const { data } = tensor;
    if (!('location' in data)) {
      w.uint32(key(9)).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      return;
    }
    for (const [name, value] of [
      ['location', data.location],
      ['offset', '0'],
      ['length', String(data.bytes)],
    ] as const) {
      w.uint32(key(13)).bytes(message((entry) => void entry.uint32(key(1)).string(name).uint32(key(2)).string(value)));
    }
    w.uint32(key(14, VARINT)).int32(1);
  });
}

function valueInfo(value: TinyValue): Uint8Array {
  const shape = message((w) => {
    for (const dimension of value.shape) {
      w.uint32(key(1)).bytes(
        message((d) =>
          typeof dimension === 'number'
            ? void d.uint32(key(1, VARINT)).int64(dimension)
            : void d.uint32(key(2)).string(dimension),
        ),
      );
    }
  });
  const tensorType = message((w) => {
    w.uint32(key(1, VARINT)).int32(onnxTypes[value.type ?? 'FP32']);
    w.uint32(key(2)).bytes(shape);
  });
  return message((w) => {
    w.uint32(key(1)).string(value.name);
    w.uint32(key(2)).bytes(value.typeProto ?? message((t) => void t.uint32(key(1)).bytes(tensorType)));
  });
}

/** A TypeProto of `sequence(map(int64, float))`, which is what sklearn's classifiers give for probabilities. */
export function sequenceOfMaps(): Uint8Array {
  const floatTensor = message(
    (t) => void t.uint32(key(1)).bytes(message((w) => void w.uint32(key(1, VARINT)).int32(1))),
  );
  const map = message((w) => void w.uint32(key(1, VARINT)).int32(7).uint32(key(2)).bytes(floatTensor));
  const mapType = message((t) => void t.uint32(key(5)).bytes(map));
  const sequence = message((w) => void w.uint32(key(1)).bytes(mapType));
  return message((t) => void t.uint32(key(4)).bytes(sequence));
}

function message(write: (writer: Writer) => void): Uint8Array {
  const writer = Writer.create();
  write(writer);
  return writer.finish();
}

function key(field: number, wireType = LENGTH_DELIMITED): number {
  return ((field << 3) | wireType) >>> 0;
}
