import { datatypes } from '@edgewright/contract';
import type { Datatype } from '@edgewright/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayOf, elementCount } from '../array-of.ts';
import { EngineError } from '../engine-error.ts';
import type { LoadedModel } from '../engine.ts';
import type { Tensor, TensorData } from '../tensor.ts';
import { decodeOipRequest } from './oip-request.ts';
import { encodeOipResponse } from './oip-response.ts';
import { decodeRawTensor } from './raw-tensor.ts';
import { bytesFromTensor, tensorFromBytes } from './tensor-bytes.ts';

const maxElements = 1000;

/** Any bytes as elements; of text any text, of booleans 0 and 1. */
function elements(datatype: Datatype, count: number): fc.Arbitrary<TensorData> {
  if (datatype === 'BYTES') return fc.array(fc.string({ unit: 'grapheme' }), { minLength: count, maxLength: count });
  const array = arrayOf(datatype);
  const length = count * array.BYTES_PER_ELEMENT;
  const most = datatype === 'BOOL' ? 1 : 255;
  return fc.uint8Array({ minLength: length, maxLength: length, max: most }).map((raw) => new array(raw.slice().buffer, 0, count)); // prettier-ignore
}

const tensors: fc.Arbitrary<Tensor> = fc
  .record({ datatype: fc.constantFrom(...datatypes), shape: fc.array(fc.nat(4), { maxLength: 4 }) })
  .chain(({ datatype, shape }) => elements(datatype, elementCount(shape)).map((data) => ({ datatype, shape, data })));

const modelOf = (...named: readonly Tensor[]): LoadedModel => {
  const specs = named.map(({ datatype, shape }, i) => ({ name: `t${i}`, datatype, shape: [...shape] }));
  return { name: 'm', version: 3, signature: { inputs: specs, outputs: specs } };
};

/** What comes back of an answer that is sent again as a request. */
function roundTrip(named: readonly Tensor[], binary: readonly boolean[]): readonly Tensor[] {
  const model = modelOf(...named);
  const outputs = Object.fromEntries(named.map((tensor, i) => [`t${i}`, tensor]));
  const wanted = named.map((_, i) => ({ name: `t${i}`, binary: binary[i] ?? false }));
  const answer = encodeOipResponse(outputs, { model, wanted });
  const header = JSON.parse(answer.body.subarray(0, answer.headerLength ?? answer.body.length).toString()) as { outputs: unknown };
  const json = Buffer.from(JSON.stringify({ inputs: header.outputs }));
  const body = Buffer.concat([json, answer.body.subarray(answer.headerLength ?? answer.body.length)]);
  const { inputs } = decodeOipRequest(body, answer.headerLength === undefined ? undefined : json.length, { model, maxElements });
  return named.map((_, i) => inputs[`t${i}`] as Tensor);
} // prettier-ignore

/** JSON has one word for all NaN, and no minus zero. */
function asJsonHasIt(tensor: Tensor): Tensor {
  const { datatype, data } = tensor;
  if (Array.isArray(data)) return tensor;
  const copy = data.slice();
  for (let i = 0; i < copy.length; i += 1) {
    const value = copy[i] as number;
    if (datatype === 'FP16') copy[i] = (value & 0x7fff) > 0x7c00 ? 0x7e00 : value === 0x8000 ? 0 : value;
    else if (datatype === 'BF16') copy[i] = (value & 0x7fff) > 0x7f80 ? 0x7fc0 : value === 0x8000 ? 0 : value;
    else if (value === 0) copy[i] = 0;
    // one pattern of many
    else if (Number.isNaN(value)) copy[i] = Number.NaN;
  }
  return { ...tensor, data: copy };
}

/** What comes of an action that may refuse its input, and must not fail in any other way. */
function outcomeOf(action: () => unknown): string {
  try {
    action();
    return 'taken';
  } catch (error) {
    return error instanceof EngineError && error.message.length < 1000 ? error.code : String(error);
  }
}

const WELL = /^(taken|InputInvalid)$/;

describe('tensors of the Open Inference Protocol', () => {
  it('come back to the bit, in any mixture of bytes and JSON', () => {
    fc.assert(
      fc.property(fc.array(tensors, { minLength: 1, maxLength: 3 }), fc.array(fc.boolean()), (named, binary) => {
        const back = roundTrip(named, binary);
        for (const [i, tensor] of named.entries()) {
          const wanted = binary[i] === true ? tensor : asJsonHasIt(tensor);
          const got = back[i] as Tensor;
          expect({ datatype: got.datatype, shape: got.shape }).toEqual({ datatype: wanted.datatype, shape: wanted.shape });
          expect(Buffer.from(bytesFromTensor(binary[i] === true ? got : asJsonHasIt(got)))).toEqual(Buffer.from(bytesFromTensor(wanted)));
        }
      }),
      { numRuns: 400 },
    );
  }); // prettier-ignore

  it('come back from their bytes alone', () => {
    fc.assert(
      fc.property(tensors, (tensor) => {
        const bytes = Buffer.from(bytesFromTensor(tensor));
        expect(Buffer.from(bytesFromTensor(tensorFromBytes(bytes, tensor, { what: 'x', maxElements })))).toEqual(bytes);
        const options = { model: modelOf(tensor), shape: tensor.shape.join(','), maxElements };
        expect(decodeRawTensor(bytes, options)['t0']).toMatchObject({ datatype: tensor.datatype, shape: tensor.shape });
      }),
    );
  }); // prettier-ignore
});

const model: LoadedModel = {
  name: 'm',
  version: 1,
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
  },
};
// what hostile callers send: the right names with anything in them
const leaves = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('x', 'FP32', 'BYTES', -1, 1e300, 2 ** 53, [1e9, 1e9], [0, 2 ** 52]),
);
const inputs = fc.record(
  { name: leaves, datatype: fc.oneof(leaves, fc.constantFrom(...datatypes)), shape: leaves, data: leaves, parameters: fc.oneof(leaves, fc.record({ binary_data_size: leaves })) },
  { requiredKeys: [] },
); // prettier-ignore
const requests = fc.record(
  { id: leaves, inputs: fc.oneof(leaves, fc.array(inputs, { maxLength: 3 })), outputs: leaves, parameters: leaves },
  { requiredKeys: ['inputs'] },
);

describe('hostile requests', () => {
  it('are refused as invalid input, whatever stands in the JSON', () => {
    fc.assert(
      fc.property(requests, fc.uint8Array({ maxLength: 64 }), (request, bytes) => {
        const json = Buffer.from(JSON.stringify(request));
        expect(
          outcomeOf(() => decodeOipRequest(Buffer.concat([json, bytes]), json.length, { model, maxElements })),
        ).toMatch(WELL);
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused as invalid input, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: -5, max: 300 }), fc.constantFrom(...datatypes), (bytes, length, datatype) => {
        expect(outcomeOf(() => decodeOipRequest(bytes, length, { model, maxElements }))).toMatch(WELL);
        expect(outcomeOf(() => decodeOipRequest(bytes, undefined, { model, maxElements }))).toMatch(WELL);
        expect(outcomeOf(() => tensorFromBytes(bytes, { datatype, shape: [length] }, { what: 'x', maxElements }))).toMatch(WELL);
      }),
      { numRuns: 1000 },
    );
  }); // prettier-ignore

  it('are refused as invalid input, whatever the shape says', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.oneof(fc.string(), fc.array(fc.nat()).map(String)), (bytes, shape) => {
        expect(outcomeOf(() => decodeRawTensor(bytes, { model, shape, maxElements }))).toMatch(WELL);
      }),
      { numRuns: 500 },
    );
  }); // prettier-ignore
});
