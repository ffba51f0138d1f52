/**
 * The types that expressions have when they are compiled. `query` is what comes out of the body, whose type is known only
 * when a message is there; `undefined` is the type of the word `undefined` and of literals that cannot be read.
 */
export type StaticType = 'string' | 'number' | 'bool' | 'null' | 'undefined' | 'query';

/** Marks that nothing stands at a body path: edgeHub's one shared Null, which `is_null` tells from a null in the body. */
export const missing: unique symbol = Symbol('missing');

/** Marks that an object, an array or a date stands at a body path. */
export const nested: unique symbol = Symbol('nested');

/** A string that is null: an application property that was sent without a value, as an operand of a body query. */
export const nullString: unique symbol = Symbol('null string');

/** A value out of the body. NaN is a number here, while a static number that is NaN is Undefined. */
export type BodyValue = string | number | boolean | null | undefined | typeof missing | typeof nullString;

/** A value of any static type. `undefined` is Undefined in each; a `string` may be null. */
export type Value = BodyValue;

export type CompareSign = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A value as an operand of type `query`. */
export function asQuery(type: StaticType, value: Value): BodyValue {
  return type === 'string' && value === null ? nullString : value;
}

/** A static number: NaN is Undefined. */
export function definedNumber(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

export function conjunction(left: boolean | undefined, right: boolean | undefined): boolean | undefined {
  if (left === false || right === false) return false;
  return left === undefined || right === undefined ? undefined : true;
}

export function disjunction(left: boolean | undefined, right: boolean | undefined): boolean | undefined {
  if (left === true || right === true) return true;
  return left === undefined || right === undefined ? undefined : false;
}

/** A boolean out of a body value; Undefined for every other kind. */
export function asTruth(value: BodyValue): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** Compares two values of one static type. Strings compare by UTF-16 units, and null strings are Undefined. */
export function compareValues(
  sign: CompareSign,
  type: StaticType,
  { left, right }: { readonly left: Value; readonly right: Value },
): boolean | undefined {
  if (type === 'null') return sign === '=' || sign === '<=' || sign === '>=';
  if (left === undefined || right === undefined) return undefined;
  if (type === 'string' && (left === null || right === null)) return undefined;
  return holds(sign, orderOf(left, right));
}

function holds(sign: CompareSign, order: number): boolean {
  if (sign === '=') return order === 0;
  if (sign === '!=') return order !== 0;
  if (sign === '<') return order < 0;
  if (sign === '<=') return order <= 0;
  return sign === '>' ? order > 0 : order >= 0;
}

/** Values of different kinds stand in the order boolean, number, string, null. */
function orderOf(left: BodyValue, right: BodyValue): number {
  const kinds = kindRank(left) - kindRank(right);
  if (kinds !== 0) return kinds;
  if (typeof left === 'number' && typeof right === 'number') return numberOrder(left, right);
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  return left === right || kindRank(left) === NULL_RANK ? 0 : left === nullString ? -1 : 1;
}

const NULL_RANK = 3;

function kindRank(value: BodyValue): number {
  if (typeof value === 'boolean') return 0;
  if (typeof value === 'number') return 1;
  return typeof value === 'string' || value === nullString ? 2 : NULL_RANK;
}

/** NaN equals itself and stands before every number, as in .NET. */
function numberOrder(left: number, right: number): number {
  if (left === right) return 0;
  if (Number.isNaN(left)) return Number.isNaN(right) ? 0 : -1;
  if (Number.isNaN(right)) return 1;
  return left < right ? -1 : 1;
}
