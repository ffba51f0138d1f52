import type { Datatype } from '@edgewright/contract';
import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from '../half.ts';

/** Turns one JSON value into an element of a datatype; undefined when it is none. */
export type ElementReader = (value: unknown) => number | bigint | string | undefined;

/** Turns one element into its JSON form. */
export type ElementWriter = (element: number | bigint | string) => unknown;

const INTEGER_RANGES: Readonly<Partial<Record<Datatype, readonly [number, number]>>> = {
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
};

const LONG_RANGES: Readonly<Partial<Record<Datatype, readonly [bigint, bigint]>>> = {
  UINT64: [0n, 2n ** 64n - 1n],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
};

// JSON has no such numbers; these words are those of protobuf's JSON form (protobuf.dev, "ProtoJSON format")
const NON_FINITE: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Infinity,
  '-Infinity': -Infinity,
};

/** What a JSON value must be to be an element of a datatype, for messages. */
export function elementRule(datatype: Datatype): string {
  if (datatype === 'BOOL') return 'true or false';
  if (datatype === 'BYTES') return 'a string';
  const range = INTEGER_RANGES[datatype] ?? LONG_RANGES[datatype];
  if (range === undefined) return 'a number, or "NaN", "Infinity" or "-Infinity"';
  const text = `a whole number from ${range[0]} to ${range[1]}`;
  return datatype in LONG_RANGES ? `${text}, as a string of digits beyond 2^53 - 1` : text;
}

/** The reader of a datatype. 64-bit integers beyond 2^53 - 1 come as strings of digits, because JSON numbers lose them. */
export function elementReader(datatype: Datatype): ElementReader {
  const range = INTEGER_RANGES[datatype];
  if (range !== undefined) {
    const [least, largest] = range;
    return (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= least && value <= largest ? value : undefined;
  }
  switch (datatype) {
    case 'BOOL':
      return (value) => (value === true || value === 1 ? 1 : value === false || value === 0 ? 0 : undefined);
    case 'BYTES':
      return (value) => (typeof value === 'string' ? value : undefined);
    case 'INT64':
    case 'UINT64':
      return (value) => readLong(value, LONG_RANGES[datatype] ?? [0n, 0n]);
    case 'FP16':
      return (value) => mapNumber(value, numberToHalf);
    case 'BF16':
      return (value) => mapNumber(value, numberToBfloat);
    default:
      return readNumber;
  }
}

/** The writer of a datatype: numbers, booleans, strings; non-finite numbers as words; long integers as digits beyond 2^53 - 1. */
export function elementWriter(datatype: Datatype): ElementWriter {
  switch (datatype) {
    case 'BOOL':
      return (element) => element !== 0;
    case 'INT64':
    case 'UINT64':
      return (element) => writeLong(element as bigint);
    case 'FP16':
      return (element) => writeNumber(halfToNumber(element as number));
    case 'BF16':
      return (element) => writeNumber(bfloatToNumber(element as number));
    case 'FP32':
    case 'FP64':
      return (element) => writeNumber(element as number);
    default:
      return (element) => element;
  }
}

/** A number in JSON: itself, or the word for what JSON cannot say. */
export function writeNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** A 64-bit integer in JSON: a number while that is exact, else its digits as a string. */
export function writeLong(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  // what a JSON parser read exactly
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' && Object.hasOwn(NON_FINITE, value) ? NON_FINITE[value] : undefined;
}

function mapNumber(value: unknown, convert: (number: number) => number): number | undefined {
  const number = readNumber(value);
  return number === undefined ? undefined : convert(number);
}

function readLong(value: unknown, [least, largest]: readonly [bigint, bigint]): bigint | undefined {
  let long: bigint;
  if (typeof value === 'number' && Number.isSafeInteger(value)) long = BigInt(value);
  else if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) long = BigInt(value);
  else if (typeof value === 'bigint') long = value;
  else return undefined;
  return long >= least && long <= largest ? long : undefined;
}
