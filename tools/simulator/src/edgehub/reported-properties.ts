import { parseJson } from '@edgewright/contract';
import { isObject } from '../hub/twin-section.ts';
import type { JsonObject } from '../hub/twin.ts';
import { SimulatorError } from '../simulator-error.ts';

const MAX_DEPTH = 10;
const MAX_VALUE_BYTES = 4096;
const MAX_NAME_BYTES = 1024;
const MAX_DOCUMENT_BYTES = 32 * 1024;
const MAX_INTEGER = 2 ** 52 - 1;
const MIN_INTEGER = -(2 ** 52);
// oxlint-disable-next-line no-control-regex -- the rule is about control characters
const FORBIDDEN_IN_NAMES = /[\u0000-\u001f\u007f-\u009f.$#\s]/;

/**
 * Reads a patch of reported properties and checks it as edgeHub does, before anything is stored.
 *
 * @throws SimulatorError `SimulatorRequestInvalid`, ContractError `InvalidJson`
 */
export function parseReportedPatch(payload: Buffer): JsonObject {
  const patch = parseJson(payload.toString('utf8'), 'the reported properties');
  if (!isObject(patch)) throw refused('$', 'reported properties are a JSON object');
  checkObject(patch, 'reported', 1);
  const bytes = Buffer.byteLength(JSON.stringify(patch));
  if (bytes > MAX_DOCUMENT_BYTES)
    throw refused('reported', `they have ${bytes} bytes, at most ${MAX_DOCUMENT_BYTES} are taken`);
  checkArrays(patch, 'reported');
  return patch;
}

function checkObject(object: JsonObject, path: string, depth: number): void {
  for (const [name, value] of Object.entries(object)) {
    const place = `${path}.${name.slice(0, 40)}`;
    checkName(name, place);
    if (typeof value === 'number') checkNumber(value, place);
    if (typeof value === 'string' && Buffer.byteLength(value) > MAX_VALUE_BYTES) {
      throw refused(place, `it has ${Buffer.byteLength(value)} bytes, at most ${MAX_VALUE_BYTES} are taken`);
    }
    if (!isObject(value)) continue;
    if (depth > MAX_DEPTH) throw refused(place, `it is nested deeper than ${MAX_DEPTH} levels`);
    checkObject(value, place, depth + 1);
  }
}

function checkName(name: string, place: string): void {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw refused(place, `its name has ${Buffer.byteLength(name)} bytes, at most ${MAX_NAME_BYTES} are taken`);
  }
  if (FORBIDDEN_IN_NAMES.test(name)) {
    throw refused(place, 'a name must not hold control characters, white space, ".", "$" or "#"');
  }
}

function checkNumber(value: number, place: string): void {
  if (Number.isInteger(value) && (value > MAX_INTEGER || value < MIN_INTEGER)) {
    throw refused(place, `an integer lies between ${MIN_INTEGER} and ${MAX_INTEGER}`);
  }
}

function checkArrays(value: unknown, path: string): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      if (item === null) throw refused(`${path}[${index}]`, 'an array must not hold null');
      checkArrays(item, `${path}[${index}]`);
    }
  } else if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) checkArrays(item, `${path}.${name}`);
  }
}

function refused(path: string, reason: string): SimulatorError {
  return new SimulatorError('SimulatorRequestInvalid', `cannot take the reported property ${path}: ${reason}`, {
    details: { path },
  });
}
