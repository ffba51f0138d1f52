import { Writer } from 'protobufjs/minimal.js';

/** A value that goes in or comes out: 32-bit floats; a dimension given as text is free. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

/** Weights: 32-bit floats, the last dimension running fastest. */
export interface OnnxWeights {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** A whole number, or several. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

export interface OnnxModel {
  readonly name: string;
  /** What wrote the file. */
  readonly producer: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
  readonly weights: readonly OnnxWeights[];
}

const IR_VERSION = 8;
const OPERATOR_SET = 13;
/** `TensorProto.DataType.FLOAT`. */
const FLOAT = 1;
/** `AttributeProto.AttributeType`. */
const [INT, INTS] = [2, 7];
const [VARINT, LENGTH_DELIMITED] = [0, 2];

/** The bytes of an ONNX file: IR version 8, operator set 13. Field numbers are those of onnx.proto. */
export function onnxFile(model: OnnxModel): Uint8Array {
  const graph = message((w) => {
    for (const node of model.nodes) bytes(w, 1, nodeProto(node));
    text(w, 2, model.name);
    for (const weights of model.weights) bytes(w, 5, tensorProto(weights));
    for (const value of model.inputs) bytes(w, 11, valueInfo(value));
    for (const value of model.outputs) bytes(w, 12, valueInfo(value));
  });
  const operatorSet = message((w) => whole(w, 2, OPERATOR_SET));
  return message((w) => {
    whole(w, 1, IR_VERSION);
    text(w, 2, model.producer);
    bytes(w, 7, graph);
    bytes(w, 8, operatorSet);
  });
}

function nodeProto({ operator, inputs, output, attributes = {} }: OnnxNode): Uint8Array {
  return message((w) => {
    for (const input of inputs) text(w, 1, input);
    text(w, 2, output);
    text(w, 4, operator);
    for (const [name, value] of Object.entries(attributes)) bytes(w, 5, attributeProto(name, value));
  });
}

function attributeProto(name: string, value: number | readonly number[]): Uint8Array {
  return message((w) => {
    text(w, 1, name);
    if (typeof value === 'number') whole(w, 3, value);
    else for (const item of value) whole(w, 8, item);
    whole(w, 20, typeof value === 'number' ? INT : INTS);
  });
}

function tensorProto({ name, shape, values }: OnnxWeights): Uint8Array {
  const data = Buffer.alloc(values.length * 4);
  for (let i = 0; i < values.length; i += 1) data.writeFloatLE(values[i] ?? 0, i * 4);
  return message((w) => {
    for (const dimension of shape) whole(w, 1, dimension);
    whole(w, 2, FLOAT);
    text(w, 8, name);
    bytes(w, 9, data);
  });
}

function valueInfo({ name, shape }: OnnxValue): Uint8Array {
  const shapeProto = message((w) => {
    for (const dimension of shape) {
      bytes(
        w,
        1,
        message((d) => (typeof dimension === 'number' ? whole(d, 1, dimension) : text(d, 2, dimension))),
      );
    }
  });
  const tensorType = message((w) => {
    whole(w, 1, FLOAT);
    bytes(w, 2, shapeProto);
  });
  return message((w) => {
    text(w, 1, name);
    const type = message((t) => bytes(t, 1, tensorType));
    bytes(w, 2, type);
  });
}

function message(write: (writer: Writer) => void): Uint8Array {
  const writer = Writer.create();
  write(writer);
  return writer.finish();
}

function bytes(writer: Writer, field: number, value: Uint8Array): void {
  writer.uint32(key(field, LENGTH_DELIMITED)).bytes(value);
}

function text(writer: Writer, field: number, value: string): void {
  writer.uint32(key(field, LENGTH_DELIMITED)).string(value);
}

function whole(writer: Writer, field: number, value: number): void {
  writer.uint32(key(field, VARINT)).int64(value);
}

/** What stands before a field: its number, and how its value is written. */
function key(field: number, wireType: number): number {
  return (field << 3) | wireType;
}
