import { queryFunctions } from './query-functions.ts';
import type { ArithmeticOperator, ComparisonOperator, Expression } from './query-syntax.ts';
import { TokenReader } from './token-reader.ts';

const comparisons = ['=', '!=', '<>', '<', '<=', '>', '>='] as const;
const LITERALS: Readonly<Record<string, boolean | null>> = { TRUE: true, FALSE: false, NULL: null };
const RESERVED = ['SELECT', 'FROM', 'WHERE', 'GROUP', 'BY', 'AND', 'OR', 'NOT', 'IN', 'NIN', 'AS', 'TOP', 'ORDER'];

/**
 * Reads a condition that stands alone, as target conditions of deployments do.
 *
 * @throws SimulatorError `SimulatorRequestInvalid` with the place
 */
export function parseCondition(text: string): Expression {
  const reader = new TokenReader(text);
  const condition = parseExpression(reader);
  if (reader.next.kind !== 'end') throw reader.unexpected('an operator or the end');
  return condition;
}

/** Reads an expression; loosest binding first: OR, AND, NOT, comparison and IN, sums, products. */
export function parseExpression(reader: TokenReader): Expression {
  return reader.nested(() => {
    let left = parseConjunction(reader);
    while (reader.sees('OR')) {
      const { at } = reader.take();
      left = { kind: 'binary', operator: 'OR', left, right: parseConjunction(reader), at };
    }
    return left;
  });
}

/** A member of the document: names with dots between, `[[name]]` for names that are no plain words, `['name']`, `[0]`. */
export function parsePath(reader: TokenReader): Expression & { readonly kind: 'path' } {
  const first = reader.take();
  const segments = [first.text];
  for (;;) {
    if (reader.skipSymbol('.')) {
      const { kind, text } = reader.next;
      if (kind !== 'name' && kind !== 'quotedName') throw reader.unexpected('a name after the dot');
      reader.take();
      segments.push(text);
    } else if (reader.next.kind === 'quotedName') {
      segments.push(reader.take().text);
    } else if (reader.skipSymbol('[')) {
      const { kind, text } = reader.next;
      if (kind !== 'string' && kind !== 'number') throw reader.unexpected('a name in quotes or a number');
      reader.take();
      segments.push(text);
      reader.expectSymbol(']');
    } else {
      return { kind: 'path', segments, at: first.at };
    }
  }
}

function parseConjunction(reader: TokenReader): Expression {
  let left = parseNegation(reader);
  while (reader.sees('AND')) {
    const { at } = reader.take();
    left = { kind: 'binary', operator: 'AND', left, right: parseNegation(reader), at };
  }
  return left;
}

function parseNegation(reader: TokenReader): Expression {
  if (!reader.sees('NOT')) return parseComparison(reader);
  const { at } = reader.take();
  return { kind: 'not', operand: reader.nested(() => parseNegation(reader)), at };
}

function parseComparison(reader: TokenReader): Expression {
  const left = parseSum(reader);
  if (reader.seesSymbol(...comparisons)) {
    const { text, at } = reader.take();
    const operator = (text === '<>' ? '!=' : text) as ComparisonOperator;
    return { kind: 'binary', operator, left, right: parseSum(reader), at };
  }
  if (reader.sees('IN', 'NIN') || reader.sees('NOT')) {
    const { at } = reader.next;
    const isNot = reader.skip('NOT');
    if (!reader.sees('IN', 'NIN')) throw reader.unexpected('IN');
    const word = reader.take().text.toUpperCase();
    const list = parsePrimary(reader);
    return { kind: 'in', operand: left, list, negated: isNot !== (word === 'NIN'), at };
  }
  return left;
}

function parseSum(reader: TokenReader): Expression {
  let left = parseProduct(reader);
  while (reader.seesSymbol('+', '-')) {
    const { text, at } = reader.take();
    left = { kind: 'binary', operator: text as ArithmeticOperator, left, right: parseProduct(reader), at };
  }
  return left;
}

function parseProduct(reader: TokenReader): Expression {
  let left = parsePrimary(reader);
  while (reader.seesSymbol('*', '/', '%')) {
    const { text, at } = reader.take();
    left = { kind: 'binary', operator: text as ArithmeticOperator, left, right: parsePrimary(reader), at };
  }
  return left;
}

function parsePrimary(reader: TokenReader): Expression {
  const { kind, text, at } = reader.next;
  if (kind === 'string' || kind === 'number') {
    reader.take();
    return { kind: 'literal', value: kind === 'string' ? text : Number(text), at };
  }
  if (reader.skipSymbol('-')) return { kind: 'negate', operand: reader.nested(() => parsePrimary(reader)), at };
  if (reader.skipSymbol('(')) {
    const inner = parseExpression(reader);
    reader.expectSymbol(')');
    return inner;
  }
  if (reader.skipSymbol('[')) return { kind: 'array', items: parseList(reader, ']'), at };
  if (reader.seesCall && !reader.sees(...RESERVED)) return parseCall(reader);
  if (reader.sees(...Object.keys(LITERALS))) {
    reader.take();
    return { kind: 'literal', value: LITERALS[text.toUpperCase()] ?? null, at };
  }
  if (kind === 'quotedName' || (kind === 'name' && !reader.sees(...RESERVED))) return parsePath(reader);
  throw reader.unexpected('a name, a value, a function or "("');
}

function parseCall(reader: TokenReader): Expression {
  const { text, at } = reader.take();
  const name = text.toUpperCase();
  const known = queryFunctions.get(name);
  if (known === undefined) {
    throw reader.failure(at, `there is no function "${text}"; there are ${[...queryFunctions.keys()].join(', ')}`);
  }
  reader.expectSymbol('(');
  const values = parseList(reader, ')');
  if (values.length < known.minArguments || values.length > known.maxArguments) {
    throw reader.failure(at, `${name} takes ${known.minArguments} argument(s), not ${values.length}`);
  }
  return { kind: 'call', name, arguments: values, at };
}

function parseList(reader: TokenReader, end: ']' | ')'): Expression[] {
  const items: Expression[] = [];
  if (reader.skipSymbol(end)) return items;
  do items.push(parseExpression(reader));
  while (reader.skipSymbol(','));
  reader.expectSymbol(end);
  return items;
}
