import { hubFault } from './hub-fault.ts';
import type { JsonObject } from './twin.ts';

/** IoT Hub's limits on twins. */
export const twinLimits = {
  maxDepth: 10,
  maxNameBytes: 1024,
  maxStringBytes: 4096,
  maxTagsBytes: 8 * 1024,
  maxSectionBytes: 32 * 1024,
  /** Integers go from −2^52 to 2^52 − 1. */
  minInteger: -(2 ** 52),
  maxInteger: 2 ** 52 - 1,
} as const;

export type TwinPart = 'tags' | 'properties.desired' | 'properties.reported';

// oxlint-disable-next-line no-control-regex -- IoT Hub's rule is about control characters
const FORBIDDEN_IN_NAMES = /[\u0000-\u001f\u007f-\u009f.$ ]/;

/**
 * Checks what a client wants to write into a twin.
 *
 * @throws SimulatorError `SimulatorRequestInvalid` that names the path, the value and the limit
 */
export function checkTwinPatch(part: TwinPart, patch: JsonObject): void {
  checkObject(patch, part, 1);
}

/** @throws SimulatorError when tags or a section have grown over IoT Hub's limit */
export function checkTwinSize(part: TwinPart, whole: JsonObject): void {
  const limit = part === 'tags' ? twinLimits.maxTagsBytes : twinLimits.maxSectionBytes;
  const bytes = sizeOf(whole);
  if (bytes > limit) {
    throw hubFault('ArgumentInvalid', `${part} would have ${bytes} bytes; a twin holds at most ${limit} there`, {
      part,
      bytes,
      limit,
    });
  }
}

/** Bytes as IoT Hub counts them: names and strings in UTF-8, 8 for a number, 4 for a boolean. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return 8;
  if (typeof value === 'boolean') return 4;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sizeOf(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  let sum = 0;
  for (const [key, item] of Object.entries(value)) sum += Buffer.byteLength(key) + sizeOf(item);
  return sum;
}

function checkObject(object: object, path: string, depth: number): void {
  if (depth > twinLimits.maxDepth) {
    refuse(path, `it is nested deeper than ${twinLimits.maxDepth} levels`);
  }
  for (const [name, value] of Object.entries(object)) {
    if (name === '' || FORBIDDEN_IN_NAMES.test(name)) {
      refuse(`${path}.${name}`, 'a name must not be empty nor hold control characters, ".", "$" or a space');
    }
    if (Buffer.byteLength(name) > twinLimits.maxNameBytes) {
      refuse(`${path}.${name.slice(0, 20)}…`, `a name has at most ${twinLimits.maxNameBytes} bytes`);
    }
    checkValue(value, `${path}.${name}`, depth);
  }
}

function checkValue(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string' && Buffer.byteLength(value) > twinLimits.maxStringBytes) {
    refuse(path, `a string has at most ${twinLimits.maxStringBytes} bytes, this one ${Buffer.byteLength(value)}`);
  }
  if (Number.isInteger(value)) {
    const whole = value as number;
    if (whole < twinLimits.minInteger || whole > twinLimits.maxInteger) {
      refuse(path, `an integer lies between ${twinLimits.minInteger} and ${twinLimits.maxInteger}, this is ${whole}`);
    }
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      if (item === null) refuse(`${path}[${index}]`, 'an array must not hold null');
      checkValue(item, `${path}[${index}]`, depth + 1);
    }
  } else if (typeof value === 'object' && value !== null) {
    checkObject(value, path, depth + 1);
  }
}

function refuse(path: string, reason: string): never {
  throw hubFault('ArgumentInvalid', `cannot write ${path} into the twin: ${reason}`, { path });
}
