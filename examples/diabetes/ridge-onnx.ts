import { Writer } from 'protobufjs/minimal.js';
import type { LinearModel } from './ridge.ts';

/** ONNX's number for 32-bit floats (`TensorProto.DataType.FLOAT`). */
const FLOAT = 1;
const LENGTH_DELIMITED = 2;

/**
 * Writes a linear model as ONNX: one `Gemm` node, `progression = features · coef + intercept`.
 *
 * Input `features` is FP32[N,10], output `progression` is FP32[N,1]. Field numbers are those of onnx.proto (IR version 8,
 * operator set 13).
 */
export function ridgeToOnnx(model: LinearModel): Uint8Array {
  const width = model.coef.length;
  const graph = message((w) => {
    bytes(w, 1, gemmNode());
    w.uint32(tag(2)).string('ridge');
    bytes(w, 5, floatTensor('coef', [width, 1], model.coef));
    bytes(w, 5, floatTensor('intercept', [1], [model.intercept]));
    bytes(w, 11, valueInfo('features', ['N', width]));
    bytes(w, 12, valueInfo('progression', ['N', 1]));
  });
  return message((w) => {
    w.uint32(tag(1, 0)).int64(8);
    w.uint32(tag(2)).string('edgewright examples/diabetes');
    bytes(w, 7, graph);
    bytes(
      w,
      8,
      message((opset) => opset.uint32(tag(2, 0)).int64(13)),
    );
  });
}

function gemmNode(): Uint8Array {
  return message((w) => {
    for (const input of ['features', 'coef', 'intercept']) w.uint32(tag(1)).string(input);
    w.uint32(tag(2)).string('progression');
    w.uint32(tag(4)).string('Gemm');
  });
}

function floatTensor(name: string, shape: readonly number[], values: readonly number[]): Uint8Array {
  return message((w) => {
    for (const dimension of shape) w.uint32(tag(1, 0)).int64(dimension);
    w.uint32(tag(2, 0)).int32(FLOAT);
    w.uint32(tag(8)).string(name);
    const data = Buffer.alloc(values.length * 4);
    values.forEach((value, i) => data.writeFloatLE(value, i * 4));
    bytes(w, 9, data);
  });
}

/** A value's name and type; a dimension given as text is free. */
function valueInfo(name: string, shape: readonly (number | string)[]): Uint8Array {
  const shapeProto = message((w) => {
    for (const dimension of shape) {
      const dimensionProto = message((d) =>
        typeof dimension === 'number' ? d.uint32(tag(1, 0)).int64(dimension) : d.uint32(tag(2)).string(dimension),
      );
      bytes(w, 1, dimensionProto);
    }
  });
  const tensorType = message((w) => {
    w.uint32(tag(1, 0)).int32(FLOAT);
    bytes(w, 2, shapeProto);
  });
  return message((w) => {
    w.uint32(tag(1)).string(name);
    bytes(
      w,
      2,
      message((type) => bytes(type, 1, tensorType)),
    );
  });
}

function message(write: (writer: Writer) => unknown): Uint8Array {
  const writer = Writer.create();
  write(writer);
  return writer.finish();
}

function bytes(writer: Writer, field: number, value: Uint8Array): Writer {
  return writer.uint32(tag(field)).bytes(value);
}

/** A field's key on the wire: its number, and how its value is written (0 varint, 2 with its length before it). */
function tag(field: number, wireType: 0 | 2 = LENGTH_DELIMITED): number {
  return (field << 3) | wireType;
}
