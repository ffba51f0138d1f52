import { conditionFault, tokensOf } from './condition-lexer.ts';
import type { ConditionToken } from './condition-lexer.ts';

/** What stands in a twin, or comes out of a comparison; undefined where nothing is. */
type Value = unknown;
type Evaluator = (twin: Readonly<Record<string, unknown>>) => Value;

/** A condition on twins of devices, compiled. */
export interface TargetCondition {
  readonly text: string;
  matches(twin: Readonly<Record<string, unknown>>): boolean;
}

const MAX_DEPTH = 100;

/**
 * Reads a target condition of a deployment: `*` for all devices, nothing for none, else a condition of IoT Hub's query language.
 * What is not there makes a comparison neither true nor false.
 *
 * @throws IotHubError `ConditionInvalid` with the place
 */
export function compileCondition(text: string): TargetCondition {
  const trimmed = text.trim();
  if (trimmed === '') return { text, matches: () => false };
  if (trimmed === '*') return { text, matches: () => true };
  const evaluate = new ConditionCompiler(trimmed).compile();
  return { text, matches: (twin) => evaluate(twin) === true };
}

/** Recursive descent straight to functions: OR, AND, NOT, comparisons, sums, products, values. */
class ConditionCompiler {
  readonly #text: string;
  readonly #tokens: readonly ConditionToken[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  compile(): Evaluator {
    const condition = this.#either();
    if (this.#token.kind !== 'end') throw this.#fault('expected AND, OR or the end');
    return condition;
  }

  get #token(): ConditionToken {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: this.#text.length };
  }

  #either(): Evaluator {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw this.#fault(`it is nested more than ${MAX_DEPTH} times`);
    const parts = [this.#both()];
    while (this.#word('OR')) parts.push(this.#both());
    this.#depth -= 1;
    return parts.length === 1 ? (parts[0] as Evaluator) : (twin) => decided(parts, twin, true);
  }

  #both(): Evaluator {
    const parts = [this.#negation()];
    while (this.#word('AND')) parts.push(this.#negation());
    return parts.length === 1 ? (parts[0] as Evaluator) : (twin) => decided(parts, twin, false);
  }

  #negation(): Evaluator {
    let times = 0;
    while (this.#word('NOT')) times += 1;
    const operand = this.#comparison();
    if (times === 0) return operand;
    return (twin) => {
      const value = operand(twin);
      return typeof value === 'boolean' ? (times % 2 === 1) !== value : undefined;
    };
  }

  #comparison(): Evaluator {
    const left = this.#sum();
    const sign = this.#sign('=', '!=', '<>', '<', '<=', '>', '>=');
    if (sign !== undefined) {
      const right = this.#sum();
      return (twin) => compared(sign === '<>' ? '!=' : sign, left(twin), right(twin));
    }
    const negated = this.#word('NOT');
    const isNin = !negated && this.#word('NIN');
    if (!isNin && !this.#word('IN')) {
      if (negated) throw this.#fault('expected IN');
      return left;
    }
    const list = this.#primary();
    return (twin) => {
      const [value, items] = [left(twin), list(twin)];
      if (value === undefined || !Array.isArray(items)) return undefined;
      return items.some((item) => isSame(item, value)) !== (negated || isNin);
    };
  }

  #sum(): Evaluator {
    let left = this.#product();
    for (let sign = this.#sign('+', '-'); sign !== undefined; sign = this.#sign('+', '-')) {
      left = calculation(sign, left, this.#product());
    }
    return left;
  }

  #product(): Evaluator {
    let left = this.#primary();
    for (let sign = this.#sign('*', '/', '%'); sign !== undefined; sign = this.#sign('*', '/', '%')) {
      left = calculation(sign, left, this.#primary());
    }
    return left;
  }

  #primary(): Evaluator {
    const { kind, text } = this.#token;
    if (kind === 'string' || kind === 'number') {
      this.#next += 1;
      const value = kind === 'string' ? text : Number(text);
      return () => value;
    }
    if (this.#sign('-') !== undefined) return calculation('-', () => 0, this.#primary());
    if (this.#sign('(') !== undefined) {
      const inner = this.#either();
      this.#expect(')');
      return inner;
    }
    if (this.#sign('[') !== undefined) {
      const items = this.#list(']');
      return (twin) => items.map((item) => item(twin));
    }
    if (kind !== 'name') throw this.#fault('expected a name, a value or "("');
    const literal = LITERALS.get(text.toUpperCase());
    this.#next += 1;
    if (this.#sign('(') !== undefined) return this.#call(text);
    return literal === undefined ? this.#path(text) : () => literal.value;
  }

  #call(name: string): Evaluator {
    const known = FUNCTIONS.get(name.toUpperCase());
    if (known === undefined)
      throw this.#fault(`there is no function "${name}"; there are ${[...FUNCTIONS.keys()].join(', ')}`);
    const values = this.#list(')');
    if (values.length !== known.takes) throw this.#fault(`${name} takes ${known.takes}, not ${values.length}`);
    return (twin) => known.apply(values.map((value) => value(twin)));
  }

  #list(end: ')' | ']'): Evaluator[] {
    const items: Evaluator[] = [];
    if (this.#sign(end) !== undefined) return items;
    do items.push(this.#either());
    while (this.#sign(',') !== undefined);
    this.#expect(end);
    return items;
  }

  /** Names with dots between; `['name']` is one too. */
  #path(first: string): Evaluator {
    const names = [first];
    for (;;) {
      if (this.#sign('.') !== undefined) {
        if (this.#token.kind !== 'name') throw this.#fault('expected a name behind the dot');
        names.push(this.#token.text);
        this.#next += 1;
      } else if (this.#sign('[') !== undefined) {
        if (this.#token.kind !== 'string' && this.#token.kind !== 'number')
          throw this.#fault('expected a name in quotes');
        names.push(this.#token.text);
        this.#next += 1;
        this.#expect(']');
      } else return (twin) => names.reduce<Value>(memberOf, twin);
    }
  }

  #word(word: string): boolean {
    const { kind, text } = this.#token;
    if (kind !== 'name' || text.toUpperCase() !== word) return false;
    this.#next += 1;
    return true;
  }

  #sign(...signs: readonly string[]): string | undefined {
    const { kind, text } = this.#token;
    if (kind !== 'sign' || !signs.includes(text)) return undefined;
    this.#next += 1;
    return text;
  }

  #expect(sign: string): void {
    if (this.#sign(sign) === undefined) throw this.#fault(`expected "${sign}"`);
  }

  #fault(reason: string): Error {
    return conditionFault(this.#text, this.#token.at, reason);
  }
}

const LITERALS: ReadonlyMap<string, { readonly value: Value }> = new Map([
  ['TRUE', { value: true }],
  ['FALSE', { value: false }],
  ['NULL', { value: null }],
]);

const FUNCTIONS: ReadonlyMap<string, { readonly takes: number; apply(values: readonly Value[]): Value }> = new Map([
  ['IS_DEFINED', { takes: 1, apply: ([value]) => value !== undefined }],
  ['IS_NULL', { takes: 1, apply: ([value]) => value === null }],
  ['IS_STRING', { takes: 1, apply: ([value]) => typeof value === 'string' }],
  ['IS_NUMBER', { takes: 1, apply: ([value]) => typeof value === 'number' }],
  ['IS_BOOL', { takes: 1, apply: ([value]) => typeof value === 'boolean' }],
  ['STARTSWITH', { takes: 2, apply: ([text, start]) => onTexts(text, start, (a, b) => a.startsWith(b)) }],
  ['ENDSWITH', { takes: 2, apply: ([text, end]) => onTexts(text, end, (a, b) => a.endsWith(b)) }],
  ['CONTAINS', { takes: 2, apply: ([text, part]) => onTexts(text, part, (a, b) => a.includes(b)) }],
]);

function onTexts(one: Value, other: Value, test: (a: string, b: string) => boolean): boolean | undefined {
  return typeof one === 'string' && typeof other === 'string' ? test(one, other) : undefined;
}

/** AND (decisive: false) and OR (decisive: true): one decisive part settles it, an undefined one leaves it open. */
function decided(parts: readonly Evaluator[], twin: Readonly<Record<string, unknown>>, decisive: boolean): Value {
  let open = false;
  for (const part of parts) {
    const value = part(twin);
    if (value === decisive) return decisive;
    if (typeof value !== 'boolean') open = true;
  }
  return open ? undefined : !decisive;
}

function compared(sign: string, left: Value, right: Value): boolean | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (sign === '=') return isSame(left, right);
  if (sign === '!=') return !isSame(left, right);
  const fits =
    (typeof left === 'number' && typeof right === 'number') || (typeof left === 'string' && typeof right === 'string');
  if (!fits) return undefined;
  if (sign === '<') return left < right;
  if (sign === '<=') return left <= right;
  return sign === '>' ? left > right : left >= right;
}

function calculation(sign: string, left: Evaluator, right: Evaluator): Evaluator {
  return (twin) => {
    const [a, b] = [left(twin), right(twin)];
    if (typeof a !== 'number' || typeof b !== 'number') return undefined;
    if (sign === '+') return a + b;
    if (sign === '-') return a - b;
    if (sign === '*') return a * b;
    if (b === 0) return undefined;
    return sign === '/' ? a / b : a % b;
  };
}

function isSame(one: Value, other: Value): boolean {
  return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));
}

function memberOf(value: Value, name: string): Value {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
