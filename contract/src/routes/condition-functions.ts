import { definedNumber, missing } from './condition-values.ts';
import { numberOf } from './number-text.ts';
import { lowerInvariant, upperInvariant } from './ordinal-text.ts';
import type { StaticType, Value } from './condition-values.ts';

/** One way to call a function. The first that fits the types of the arguments is taken. */
export interface FunctionSignature {
  readonly parameters: readonly StaticType[];
  /** The last parameter may be repeated. */
  readonly variadic?: true;
  /** Any type is taken for the parameters. */
  readonly any?: true;
  /** Values out of the body are taken as well, and are looked at when a message is there. */
  readonly takesQuery: boolean;
  readonly result: StaticType;
  readonly call: (args: readonly Value[]) => Value;
}

/** The functions of conditions by their names in lower case, `twin_change_includes` apart, which takes a path. */
export const conditionFunctions: ReadonlyMap<string, readonly FunctionSignature[]> = new Map(
  Object.entries({
    abs: [math(Math.abs)],
    exp: [math(Math.exp)],
    square: [math((x) => x * x)],
    ceiling: [math(Math.ceil)],
    floor: [math(Math.floor)],
    sign: [math(Math.sign)],
    sqrt: [math(Math.sqrt)],
    power: [
      signature(['number', 'number'], 'number', ([x, y]) =>
        typeof x === 'number' && typeof y === 'number' ? definedNumber(power(x, y)) : undefined,
      ),
    ],
    as_number: [
      signature(['string'], 'number', ([x]) => definedNumber(asNumber(x))),
      { ...signature(['number'], 'number', ([x]) => x), takesQuery: false },
    ],
    is_bool: [signature(['bool'], 'bool', ([x]) => (x === undefined ? undefined : typeof x === 'boolean')), never()],
    is_defined: (['string', 'number', 'bool', 'undefined', 'null', 'query'] as const).map((type) => isDefined(type)),
    is_null: [
      { ...signature(['string'], 'bool', ([x]) => x === null), takesQuery: false },
      // as edgeHub does it, the wrong way round: true for all that is in the body, false for what is missing
      { ...signature(['query'], 'bool', ([x]) => (x === undefined ? undefined : x !== missing)), takesQuery: false },
      { ...signature(['null'], 'bool', () => true), takesQuery: false },
      never(),
    ],
    is_number: [signature(['number'], 'bool', ([x]) => typeof x === 'number' && Number.isFinite(x)), never()],
    is_string: [signature(['string'], 'bool', ([x]) => typeof x === 'string'), never()],
    concat: [{ ...signature(['string', 'string', 'string'], 'string', concat), variadic: true }],
    length: [text((x) => x.length, 'number')],
    lower: [text(lowerInvariant, 'string')],
    upper: [text(upperInvariant, 'string')],
    substring: [
      signature(['string', 'number'], 'string', substringFrom),
      signature(['string', 'number', 'number'], 'string', substringOf),
    ],
    index_of: [pair((x, y) => x.indexOf(y), 'number')],
    starts_with: [pair((x, y) => x.startsWith(y), 'bool')],
    ends_with: [pair((x, y) => x.endsWith(y), 'bool')],
    contains: [pair((x, y) => x.includes(y), 'bool')],
  } satisfies Record<string, readonly FunctionSignature[]>),
);

/** The function of `||`, and what `concat` calls: Undefined unless every argument is a string; null strings are empty. */
export function concat(args: readonly Value[]): string | undefined {
  let result = '';
  for (const argument of args) {
    if (typeof argument === 'string') result += argument;
    else if (!isNullString(argument)) return undefined;
  }
  return result;
}

function isNullString(value: Value): boolean {
  return typeof value === 'symbol' && value !== missing;
}

function signature(
  parameters: readonly StaticType[],
  result: StaticType,
  call: (args: readonly Value[]) => Value,
): FunctionSignature {
  return { parameters, takesQuery: true, result, call };
}

function never(): FunctionSignature {
  return { parameters: ['query'], any: true, takesQuery: false, result: 'bool', call: () => false };
}

function isDefined(type: StaticType): FunctionSignature {
  const call = ([x]: readonly Value[]) => type !== 'undefined' && x !== undefined;
  return { parameters: [type], takesQuery: false, result: 'bool', call };
}

function math(calculate: (x: number) => number): FunctionSignature {
  return signature(['number'], 'number', ([x]) => (typeof x === 'number' ? definedNumber(calculate(x)) : undefined));
}

function text(take: (x: string) => Value, result: StaticType): FunctionSignature {
  return signature(['string'], result, ([x]) => (typeof x === 'string' ? take(x) : undefined));
}

function pair(take: (x: string, y: string) => Value, result: StaticType): FunctionSignature {
  return signature(['string', 'string'], result, ([x, y]) =>
    typeof x === 'string' && typeof y === 'string' ? take(x, y) : undefined,
  );
}

/** As IEEE 754 has it: one to any power is one, also where JavaScript says NaN. */
function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return x ** y;
}

function asNumber(value: Value): number {
  if (typeof value === 'number') return value;
  return (typeof value === 'string' ? numberOf(value) : undefined) ?? Number.NaN;
}

function substringFrom([input, start]: readonly Value[]): string | undefined {
  if (typeof input !== 'string' || typeof start !== 'number') return undefined;
  return start >= 0 && start <= input.length ? input.slice(Math.trunc(start)) : undefined;
}

function substringOf([input, start, length]: readonly Value[]): string | undefined {
  if (typeof input !== 'string' || typeof start !== 'number' || typeof length !== 'number') return undefined;
  const fits = start >= 0 && start < input.length && length >= 0 && length <= input.length - start;
  return fits ? input.slice(Math.trunc(start), Math.trunc(start) + Math.trunc(length)) : undefined;
}
