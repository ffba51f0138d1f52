import { Buffer } from 'node:buffer';
import type { ModelSignature } from '@edgewright/contract';
import { decodeJsonRequest, decodeOipRequest, decodeRawTensor } from '@edgewright/engine';
import type { Comparison, Limit } from '../harness.ts';

const SHAPE = [1, 3, 224, 224] as const;
const MAX_ELEMENTS = 1_000_000;
const RUNS = 10;

const signature: ModelSignature = {
  inputs: [{ name: 'image', datatype: 'FP32', shape: [...SHAPE] }],
  outputs: [{ name: 'scores', datatype: 'FP32', shape: [1, 10] }],
};
const model = { name: 'model', version: 1, signature };

/** How a body is read: a tensor of 1×3×224×224 float32 from bytes, as a host would. */
interface Form {
  readonly title: string;
  readonly body: Buffer;
  /** Milliseconds; where it is asked for. */
  readonly atMost?: number;
  readonly decode: (body: Buffer) => unknown;
}

/** Milliseconds from bytes to a checked tensor. The baseline is `JSON.parse` of the nested numbers, which gives no tensor. */
export function decodeComparisons(): Comparison[] {
  const size = SHAPE.reduce((product: number, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, (_, i) => Math.fround(Math.sin(i)));
  const nested = Buffer.from(JSON.stringify({ data: nest([...values], SHAPE) }));
  return formsOf(values, nested).map(({ title, body, atMost, decode }): Comparison => {
    const limit: { limit?: Limit } = atMost === undefined ? {} : { limit: { of: 'ours', atMost } };
    const metric = `1×3×224×224 float32: ${title}`;
    return {
      metrics: [{ metric, unit: 'ms', better: 'smaller', ...limit }],
      ours: async () => Promise.resolve({ [metric]: timeOf(() => decode(body)) }),
      baseline: async () => Promise.resolve({ [metric]: timeOf(() => JSON.parse(nested.toString())) }),
    };
  });
}

function formsOf(values: Float32Array, nested: Buffer): Form[] {
  const bytes = Buffer.from(values.buffer as ArrayBuffer);
  const tensor = { name: 'image', datatype: 'FP32', shape: SHAPE };
  const json = Buffer.from(JSON.stringify({ inputs: [{ ...tensor, data: [...values] }] }));
  const header = Buffer.from(
    JSON.stringify({ inputs: [{ ...tensor, parameters: { binary_data_size: bytes.length } }] }),
  );
  const limits = { model, maxElements: MAX_ELEMENTS };
  return [
    {
      title: 'JSON',
      body: nested,
      decode: (body) => decodeJsonRequest(JSON.parse(body.toString()), [model], MAX_ELEMENTS),
    },
    { title: 'OIP JSON', body: json, decode: (body) => decodeOipRequest(body, undefined, limits) },
    {
      title: 'OIP binary',
      body: Buffer.concat([header, bytes]),
      atMost: 0.3,
      decode: (body) => decodeOipRequest(body, header.length, limits),
    },
    {
      title: 'raw',
      body: bytes,
      atMost: 0.3,
      decode: (body) => decodeRawTensor(body, { model, maxElements: MAX_ELEMENTS }),
    },
  ];
}

/** @returns milliseconds for one */
function timeOf(work: () => unknown): number {
  const start = performance.now();
  for (let i = 0; i < RUNS; i += 1) work();
  return (performance.now() - start) / RUNS;
}

function nest(values: readonly unknown[], shape: readonly number[]): unknown {
  const [, ...inner] = shape;
  if (inner.length === 0) return values;
  const width = inner.reduce((product, length) => product * length, 1);
  return Array.from({ length: shape[0] ?? 0 }, (_, i) => nest(values.slice(i * width, (i + 1) * width), inner));
}
