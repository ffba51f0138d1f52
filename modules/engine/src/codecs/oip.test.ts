import { describe, expect, it } from 'vitest';
import type { LoadedModel } from '../engine.ts';
import { decodeOipRequest } from './oip-request.ts';
import { encodeOipResponse } from './oip-response.ts';
import { parseExactJson } from './parse-exact-json.ts';
import { decodeRawTensor } from './raw-tensor.ts';

const model: LoadedModel = {
  name: 'm',
  version: 2,
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [
      { name: 'y', datatype: 'FP32', shape: [-1] },
      { name: 'z', datatype: 'INT64', shape: [-1] },
    ],
  },
};
const two = { ...model, signature: { ...model.signature, inputs: [...model.signature.inputs, { name: 'w', datatype: 'BYTES' as const, shape: [-1] }] } }; // prettier-ignore
const limits = { model, maxElements: 100 };
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const input = { name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] };

describe('a request of the Open Inference Protocol', () => {
  it('has its data flat or nested', () => {
    for (const data of [[1, 2], [[1, 2]]]) {
      expect(decodeOipRequest(json({ id: 'a', inputs: [{ ...input, data }] }), undefined, limits)).toEqual({
        id: 'a',
        inputs: { x: { datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1, 2) } },
        outputs: [{ name: 'y', binary: false }, { name: 'z', binary: false }],
      }); // prettier-ignore
    }
  });

  it('names the outputs that it wants, and how: what it says of one goes before what it says of all', () => {
    const parameters = { binary_data_output: true };
    const outputs = [{ name: 'z' }, { name: 'y', parameters: { binary_data: false } }];
    expect(decodeOipRequest(json({ inputs: [input], parameters, outputs }), undefined, limits).outputs).toEqual([
      { name: 'z', binary: true },
      { name: 'y', binary: false },
    ]);
  });

  it('without JSON is the bytes of the only input, and wants bytes back', () => {
    const body = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);
    const { inputs, outputs } = decodeOipRequest(body, 0, limits);
    expect(inputs['x']).toEqual({ datatype: 'FP32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
    expect(outputs.every(({ binary }) => binary)).toBe(true);
  });

  it('keeps 64-bit integers exact, as numbers and as digits', () => {
    const text = '{"inputs":[{"name":"x","datatype":"INT64","shape":[3],"data":[9007199254740993,-9223372036854775808,"9223372036854775807"]}]}'; // prettier-ignore
    const { inputs } = decodeOipRequest(Buffer.from(text), undefined, limits);
    expect(inputs['x']?.data).toEqual(BigInt64Array.of(9007199254740993n, -(2n ** 63n), 2n ** 63n - 1n));
    expect(parseExactJson('["INT64", 1e20, 1.5, 12345678901234567890, "12345678901234567"]')).toEqual(['INT64', 1e20, 1.5, 12345678901234567890n, '12345678901234567']); // prettier-ignore
  });

  it('may say NaN and infinities by their words', () => {
    const { inputs } = decodeOipRequest(json({ inputs: [{ ...input, data: ['NaN', '-Infinity'] }] }), undefined, limits); // prettier-ignore
    expect(inputs['x']?.data).toEqual(Float32Array.of(Number.NaN, -Infinity));
  });

  it.each([
    { body: { inputs: [{ ...input, shape: [2, 2] }] }, text: '$.inputs[0].data: it has 2 elements, but FP32[2,2] takes 4' },
    { body: { inputs: [{ ...input, shape: [100, 2] }] }, text: '$.inputs[0].shape: it has 200 elements; the limit is 100' },
    { body: { inputs: [{ ...input, shape: [-1] }] }, text: '$.inputs[0].shape[0]: expected a whole number from 0, found -1' },
    { body: { inputs: [{ ...input, datatype: 'float' }] }, text: '$.inputs[0].datatype: expected one of BOOL' },
    { body: { inputs: [{ ...input, data: [1, 'a'] }] }, text: '$.inputs[0].data[1]: expected a number' },
    { body: { inputs: [input, input] }, text: '$.inputs[1].name: the input "x" is there twice' },
    { body: { inputs: [{ ...input, data: undefined }] }, text: '$.inputs[0].data: expected an array, found nothing' },
    { body: { inputs: [{ ...input, parameters: { binary_data_size: 8 } }] }, text: 'binary_data_size: it is 8, but 0 bytes are left' },
    { body: { inputs: [{ ...input, parameters: { shared_memory_region: 'a' } }] }, text: 'this extension of the protocol is not served' },
    { body: { inputs: [input], outputs: [{ name: 'q' }] }, text: '$.outputs[0].name: m has no output "q"; there is y, z' },
    { body: { id: 5, inputs: [input] }, text: '$.id: expected a string, found 5' },
    { body: {}, text: '$.inputs: expected an array, found nothing' },
    { body: [], text: '$: expected an object, found an array of 0' },
  ])('is refused with its place: $text', ({ body, text }) => {
    expect(() => decodeOipRequest(json(body), undefined, limits)).toThrow(text);
  }); // prettier-ignore

  it.each([
    { body: Buffer.from('{"inputs"'), length: undefined, text: 'it is no JSON' },
    { body: Buffer.from([0xff]), length: undefined, text: 'not UTF-8' },
    { body: Buffer.from('{}'), length: 3, text: 'Inference-Header-Content-Length is 3, but the body has 2 bytes' },
    { body: Buffer.concat([json({ inputs: [input] }), Buffer.from('ab')]), length: json({ inputs: [input] }).length, text: '2 bytes are left' },
    { body: Buffer.alloc(9), length: 0, text: 'of which 9 bytes are no whole number of 8' },
  ])('is refused when its bytes do not fit: $text', ({ body, length, text }) => {
    expect(() => decodeOipRequest(body, length, limits)).toThrow(text);
  }); // prettier-ignore
});

describe('bytes of one tensor', () => {
  it('take their shape from what goes with them, or from the model', () => {
    const body = Buffer.from(Float32Array.of(1, 2).buffer);
    expect(decodeRawTensor(body, { ...limits, shape: '1, 2' })['x']?.shape).toEqual([1, 2]);
    expect(decodeRawTensor(body, limits)['x']?.shape).toEqual([1, 2]);
  });

  it.each([
    { options: { shape: '1,a' }, text: 'the shape "1,a" is none' },
    { options: { shape: '1,3' }, text: 'has 8 bytes, but FP32[1,3] takes 12' },
    { options: { input: 'q' }, text: 'm has no input "q"; there is x' },
    { options: { model: two }, text: 'bytes of one tensor are for models with one input, but m has x, w' },
  ])('are refused: $text', ({ options, text }) => {
    expect(() => decodeRawTensor(Buffer.alloc(8), { ...limits, ...options })).toThrow(text);
  });
});

describe('an answer of the Open Inference Protocol', () => {
  const outputs = {
    y: { datatype: 'FP32', shape: [2], data: Float32Array.of(1, Number.NaN) },
    z: { datatype: 'INT64', shape: [2], data: BigInt64Array.of(1n, 2n ** 60n) },
  } as const;

  it('is JSON, with the id of its request and words and digits for what JSON numbers are not', () => {
    const wanted = [{ name: 'y', binary: false }, { name: 'z', binary: false }]; // prettier-ignore
    const { body, headerLength } = encodeOipResponse(outputs, { model, id: 'a', wanted });
    expect(headerLength).toBeUndefined();
    expect(JSON.parse(body.toString())).toEqual({
      model_name: 'm',
      model_version: '2',
      id: 'a',
      outputs: [
        { name: 'y', datatype: 'FP32', shape: [2], data: [1, 'NaN'] },
        { name: 'z', datatype: 'INT64', shape: [2], data: [1, '1152921504606846976'] },
      ],
    });
  });

  it('has tensors behind the JSON where they were asked for', () => {
    const { body, headerLength = 0 } = encodeOipResponse(outputs, { model, wanted: [{ name: 'z', binary: true }] });
    expect(JSON.parse(body.subarray(0, headerLength).toString())).toMatchObject({
      outputs: [{ name: 'z', parameters: { binary_data_size: 16 } }],
    });
    expect(body.subarray(headerLength).readBigInt64LE(8)).toBe(2n ** 60n);
  });
});
