import { missing, nested } from './condition-values.ts';
import type { BodyValue } from './condition-values.ts';

/** One step into a JSON document. */
type Step =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' };

/** A path into a JSON body that compiled. */
export interface BodyPath {
  readonly text: string;
  /** Undefined where edgeHub takes the path but its JSON library then cannot read it: such a query is always Undefined. */
  readonly steps: readonly Step[] | undefined;
}

/** Why a path is not one, and where. */
export interface BodyPathFault {
  /** From the path's first character. */
  readonly offset: number;
  readonly reason: string;
}

const IDENTIFIER = /[^()<>@,;:\\"/[\]?={}.\t\n\r]+/y;
const INDEX = /\[(\d+)\]/y;
const DIGITS = /^\d+$/;

/**
 * Reads the path of a body query: names divided by dots, each with at most one index.
 *
 * edgeHub checks the path with a grammar that does not ask for the end of the text, and hands the whole text to its JSON
 * library. So `a[0][1]` passes and works, and `a[0]b` passes and is Undefined for every message.
 */
export function parseBodyPath(text: string): BodyPath | BodyPathFault {
  const steps: Step[] = [];
  let offset = 0;
  for (;;) {
    const name = matchAt(IDENTIFIER, text, offset)?.[0];
    if (name === undefined) return { offset, reason: 'a name is missing here' };
    if (DIGITS.test(name)) return { offset, reason: `"${name}" is a number, and a name is needed here` };
    steps.push(name === '*' ? { kind: 'all' } : { kind: 'name', name });
    offset += name.length;
    if (text.charAt(offset) === '[') {
      const index = matchAt(INDEX, text, offset);
      if (index === undefined)
        return { offset: offset + 1, reason: 'an index is a whole number in brackets, such as [0]' };
      steps.push({ kind: 'index', index: Number(index[1]) });
      offset += index[0].length;
    }
    if (text.charAt(offset) !== '.') break;
    offset += 1;
  }
  const rest = laxSteps(text, offset);
  return { text, steps: rest === undefined ? undefined : withoutRoot([...steps, ...rest]) };
}

/** What the JSON library still reads behind the part that the grammar has checked. */
function laxSteps(text: string, from: number): Step[] | undefined {
  const steps: Step[] = [];
  let offset = from;
  while (offset < text.length) {
    const index = matchAt(INDEX, text, offset);
    if (index !== undefined) {
      steps.push({ kind: 'index', index: Number(index[1]) });
      offset += index[0].length;
      continue;
    }
    const name = text.charAt(offset) === '.' ? matchAt(IDENTIFIER, text, offset + 1)?.[0] : undefined;
    if (name === undefined) return undefined;
    steps.push(name === '*' ? { kind: 'all' } : { kind: 'name', name });
    offset += 1 + name.length;
  }
  return steps;
}

/** A leading `$` is the document itself in JSONPath. */
function withoutRoot(steps: readonly Step[]): readonly Step[] {
  const [first] = steps;
  return first?.kind === 'name' && first.name === '$' ? steps.slice(1) : steps;
}

/** Follows a path in a parsed JSON object. */
export function valueAtPath(document: object, path: BodyPath): BodyValue | typeof nested {
  if (path.steps === undefined) return undefined;
  let found: unknown[] = [document];
  for (const step of path.steps) found = found.flatMap((value) => taken(value, step));
  if (found.length === 0) return missing;
  const [value] = found;
  if (found.length > 1 || (typeof value === 'object' && value !== null)) return nested;
  if (typeof value === 'string') return isJsonDate(value) ? nested : value;
  return value as BodyValue;
}

function taken(value: unknown, step: Step): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (step.kind === 'all') return Object.values(value);
  if (step.kind === 'index') return Array.isArray(value) && step.index < value.length ? [value[step.index]] : [];
  if (Array.isArray(value) || !Object.hasOwn(value, step.name)) return [];
  return [(value as Readonly<Record<string, unknown>>)[step.name]];
}

const ISO_DATE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,7})?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?$/;
const MICROSOFT_DATE = /^\/Date\([+-]?\d+(?:[+-]\d{4})?\)\/$/;

/** Whether edgeHub's JSON library (Newtonsoft's, by default settings) takes a string for a date. */
function isJsonDate(text: string): boolean {
  if (MICROSOFT_DATE.test(text)) return true;
  const parts = ISO_DATE.exec(text);
  if (parts === null) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false;
  if (hour === 24) return minute === 0 && second === 0 && Number(parts[7] ?? 0) === 0;
  return hour < 24 && minute < 60 && second < 60;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(text) ?? undefined;
}
