import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeOnnx } from '../../../../test/support/encode-onnx.ts';
import { ModelsError } from '../models-error.ts';
import { readOnnxFile, readOnnxModel } from './read-onnx-model.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A field with a length. */
function field(number: number, payload: Uint8Array): Uint8Array {
  const length = [payload.length & 0x7f, payload.length >> 7];
  return Uint8Array.of((number << 3) | 2, (length[0] ?? 0) | 0x80, length[1] ?? 0, ...payload);
}

function refusal(bytes: Uint8Array): ModelsError {
  try {
    readOnnxModel(bytes, 'm.onnx');
  } catch (error) {
    if (error instanceof ModelsError) return error;
    throw error;
  }
  throw new TypeError('the bytes were taken for an ONNX model');
}

function outcome(bytes: Uint8Array): string {
  try {
    readOnnxModel(bytes);
    return 'read';
  } catch (error) {
    return error instanceof ModelsError ? error.code : String(error);
  }
}

describe('readOnnxModel', () => {
  it('gives names, datatypes and shapes of inputs and outputs, a free dimension as -1', () => {
    const model = readOnnxModel(
      encodeOnnx({
        inputs: [
          { name: 'image', shape: ['batch', 3, null, 224] },
          { name: 'ids', elementType: 7, shape: [] },
        ],
        outputs: [{ name: 'label', elementType: 8, shape: [0, -5] }],
      }),
    );
    expect(model.signature).toEqual({
      inputs: [
        { name: 'image', datatype: 'FP32', shape: [-1, 3, -1, 224] },
        { name: 'ids', datatype: 'INT64', shape: [] },
      ],
      outputs: [{ name: 'label', datatype: 'BYTES', shape: [0, -1] }],
    });
  });

  it('does not take an initializer that is listed as an input for one', () => {
    const model = readOnnxModel(
      encodeOnnx({
        irVersion: 3,
        inputs: [
          { name: 'x', shape: [1] },
          { name: 'w', shape: [1] },
        ],
        initializers: [{ name: 'w', dims: [1], rawData: new Uint8Array(4) }],
      }),
    );
    expect(model.signature.inputs.map((input) => input.name)).toEqual(['x']);
  });

  it('finds operators everywhere, but not those that the model defines itself', () => {
    const model = readOnnxModel(
      encodeOnnx({
        opsets: { 'ai.onnx': 18, 'ai.onnx.ml': 3, local: 1 },
        nodes: [
          { opType: 'If', graphs: [{ nodes: [{ opType: 'Loop', graphs: [{ nodes: [{ opType: 'Einsum' }] }] }] }] },
          { opType: 'TreeEnsembleClassifier', domain: 'ai.onnx.ml' },
          { opType: 'Twice', domain: 'local' },
        ],
        functions: [
          { name: 'Once', domain: 'local', nodes: [{ opType: 'Mul' }] },
          { name: 'Twice', domain: 'local', nodes: [{ opType: 'Once', domain: 'local' }, { opType: 'Add' }] },
        ],
      }),
    );
    expect(model.operators).toEqual(['Add', 'Einsum', 'If', 'Loop', 'Mul', 'ai.onnx.ml.TreeEnsembleClassifier']);
    expect(model.opsets).toEqual({ 'ai.onnx': 18, 'ai.onnx.ml': 3, local: 1 });
  });

  it('names values that are no tensors in the words of ONNX', () => {
    const tensor = { tensorType: { elemType: 1, shape: {} } };
    const model = readOnnxModel(
      encodeOnnx({
        inputs: [
          { name: 'any' },
          { name: 'c', elementType: 14, shape: [1] },
          { name: 'maybe', type: { optionalType: { elemType: tensor } } },
        ],
        outputs: [{ name: 'p', type: { sequenceType: { elemType: { mapType: { keyType: 7, valueType: tensor } } } } }],
      }),
    );
    expect(model.signature).toEqual({ inputs: [], outputs: [] });
    expect(model.unusual).toEqual({
      inputs: [
        { name: 'any', type: 'tensor(float) of unknown rank' },
        { name: 'c', type: 'tensor(complex64)' },
        { name: 'maybe', type: 'optional(tensor(float))' },
      ],
      outputs: [{ name: 'p', type: 'seq(map(int64,tensor(float)))' }],
    });
  });

  it('names the files that hold weights', () => {
    const initializers = [
      { name: 'b', location: 'weights.bin' },
      { name: 'a', location: 'm.onnx.data' },
      { name: 'c', location: 'weights.bin' },
    ];
    expect(readOnnxModel(encodeOnnx({ initializers })).externalFiles).toEqual(['m.onnx.data', 'weights.bin']);
  });

  it.each([
    ['an empty file', new Uint8Array(0), 'an empty file'],
    ['a web page', text('<!DOCTYPE html>\n<html>'), 'text that starts with "<!DOCTYPE html>\\n<html>"'],
    ['a pointer of Git LFS', text('version https://git-lfs.github.com/spec/v1\noid'), 'git lfs pull'],
    ['an archive', text('PK\u0003\u0004\u0014\u0000'), 'ZIP archive'],
    ['zeros', new Uint8Array(100), 'nothing but zero bytes'],
    ['noise', Uint8Array.of(0xff, 0xfe, 0x00, 0x01), 'bytes that start with fffe0001'],
  ])('says what it found in place of a model: %s', (_, bytes, words) => {
    const error = refusal(bytes);
    expect(error.code).toBe('ModelFileInvalid');
    expect(error.message).toContain('m.onnx');
    expect(error.message).toContain(words);
  });

  it('tells a model that breaks off from something else, wherever it was cut', () => {
    const bytes = encodeOnnx({
      producerName: 'test',
      nodes: [{ opType: 'Relu' }],
      inputs: [{ name: 'x', shape: ['N', 3] }],
      outputs: [{ name: 'y', shape: ['N', 3] }],
      initializers: [{ name: 'w', dims: [4], rawData: new Uint8Array(16) }],
    });
    for (let length = 1; length < bytes.length; length += 1) {
      const error = refusal(bytes.subarray(0, length));
      expect(error.details, `cut after ${length} bytes`).toMatchObject({ isTruncated: true, sizeBytes: length });
    }
  });

  it('refuses another kind of protobuf message', () => {
    expect(refusal(Uint8Array.of(0x18, 0x01, 0x22, 0x01, 0x41)).message).toContain('without a graph');
  });

  it('refuses a graph inside graphs without end', () => {
    let graph: Uint8Array = new Uint8Array(0);
    // GraphProto.node, NodeProto.attribute, AttributeProto.g
    for (let depth = 0; depth < 100; depth += 1) graph = field(1, field(5, field(6, graph)));
    const model = Buffer.concat([Uint8Array.of(0x08, 0x08), field(7, graph)]);
    expect(refusal(model).message).toContain('nested more than 64 deep');
  });

  it('throws nothing but ModelFileInvalid, whatever the bytes are', () => {
    const valid = encodeOnnx({ inputs: [{ name: 'x', shape: [1] }], nodes: [{ opType: 'If', graphs: [{}] }] });
    const damaged = fc
      .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
      .map((changes) => {
        const bytes = Uint8Array.from(valid);
        for (const [place, value] of changes) bytes[place] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (bytes) => {
        expect(outcome(bytes)).toMatch(/^(read|ModelFileInvalid)$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('readOnnxFile', () => {
  it('reads the same from a file as from memory, past weights larger than its window', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-onnx-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const bytes = encodeOnnx({
      nodes: Array.from({ length: 2000 }, (_, index) => ({ opType: `Op${index % 50}` })),
      inputs: [{ name: 'x', shape: ['N', 3] }],
      outputs: [{ name: 'y', shape: ['N', 3] }],
      initializers: Array.from({ length: 5 }, (_, index) => ({
        name: `w${index}`,
        rawData: new Uint8Array(100_000 + index),
      })),
    });
    const file = path.join(folder, 'model.onnx');
    await writeFile(file, bytes);
    expect(readOnnxFile(file)).toEqual(readOnnxModel(bytes));
  });
});
