// The bounds of the validation of reported properties (§1.7), without a hub behind it.
import { expect, it } from 'vitest';
import { parseReportedPatch } from './reported-properties.ts';

const nested = (depth: number): object => (depth === 0 ? { leaf: 1 } : { level: nested(depth - 1) });
const parse = (value: object): unknown => parseReportedPatch(Buffer.from(JSON.stringify(value)));

it('takes ten levels of objects below the document, and refuses eleven', () => {
  expect(parse(nested(10))).toEqual(nested(10));
  expect(() => parse(nested(11))).toThrow(expect.objectContaining({ code: 'SimulatorRequestInvalid' }));
});

it('takes a name of 1024 bytes, and refuses one of 1025', () => {
  expect(parse({ ['n'.repeat(1024)]: 1 })).toBeTypeOf('object');
  expect(() => parse({ ['n'.repeat(1025)]: 1 })).toThrow('1025 bytes');
});

it('takes null, which removes, and refuses it inside an array', () => {
  expect(parse({ a: null })).toEqual({ a: null });
  expect(() => parse({ a: [null] })).toThrow('must not hold null');
});

it('names the place of what it refuses', () => {
  expect(() => parse({ a: { 'b.c': 1 } })).toThrow('reported.a.b.c');
});
