import { queryFunctions } from './query-functions.ts';
import type { QueryValue } from './query-functions.ts';
import type { ArithmeticOperator, ComparisonOperator, Expression } from './query-syntax.ts';

/** What `<` and the like say to -1, 0 and 1, for smaller, equal and greater. */
const orderings: Readonly<Record<Exclude<ComparisonOperator, '=' | '!='>, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

const arithmetic: Readonly<Record<ArithmeticOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
};

/** True when a condition holds. Undefined, which spreads from members that are not there, does not count. */
export function isMatch(condition: Expression | undefined, document: object): boolean {
  return condition === undefined || evaluate(condition, document) === true;
}

/** Computes an expression over a document: a twin, or something of its form. */
export function evaluate(expression: Expression, document: object): QueryValue {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'path':
      return memberOf(document, expression.segments);
    case 'array':
      return expression.items.map((item) => evaluate(item, document));
    case 'not': {
      const value = evaluate(expression.operand, document);
      return typeof value === 'boolean' ? !value : undefined;
    }
    case 'negate': {
      const value = evaluate(expression.operand, document);
      return typeof value === 'number' ? -value : undefined;
    }
    case 'binary':
      return binary(expression, document);
    case 'in':
      return contains(expression, document);
    default: {
      const values = expression.arguments.map((argument) => evaluate(argument, document));
      return queryFunctions.get(expression.name)?.apply(values);
    }
  }
}

function memberOf(document: object, segments: readonly string[]): QueryValue {
  let value: unknown = document;
  for (const segment of segments) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string, unknown>)[segment];
  }
  return value;
}

function binary({ operator, left, right }: Expression & { kind: 'binary' }, document: object): QueryValue {
  if (operator === 'AND' || operator === 'OR') {
    // the value that settles it whatever the other side is
    const decisive = operator === 'OR';
    const first = evaluate(left, document);
    if (first === decisive) return decisive;
    const second = evaluate(right, document);
    if (second === decisive) return decisive;
    return typeof first === 'boolean' && typeof second === 'boolean' ? !decisive : undefined;
  }
  const [first, second] = [evaluate(left, document), evaluate(right, document)];
  if (first === undefined || second === undefined) return undefined;
  return isArithmetic(operator) ? calculate(operator, first, second) : compare(operator, first, second);
}

function compare(operator: ComparisonOperator, left: QueryValue, right: QueryValue): boolean | undefined {
  if (operator === '=') return isEqual(left, right);
  if (operator === '!=') return !isEqual(left, right);
  const isComparable =
    (typeof left === 'number' && typeof right === 'number') || (typeof left === 'string' && typeof right === 'string');
  if (!isComparable) return undefined;
  const order = left < right ? -1 : left > right ? 1 : 0;
  return orderings[operator](order);
}

function isEqual(left: QueryValue, right: QueryValue): boolean {
  if (typeof left !== 'object' || typeof right !== 'object') return left === right;
  return JSON.stringify(left) === JSON.stringify(right);
}

function isArithmetic(operator: ComparisonOperator | ArithmeticOperator): operator is ArithmeticOperator {
  return operator in arithmetic;
}

function calculate(operator: ArithmeticOperator, left: QueryValue, right: QueryValue): number | undefined {
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  const isByZero = right === 0 && (operator === '/' || operator === '%');
  return isByZero ? undefined : arithmetic[operator](left, right);
}

function contains({ operand, list, negated }: Expression & { kind: 'in' }, document: object): boolean | undefined {
  const value = evaluate(operand, document);
  const items = evaluate(list, document);
  if (value === undefined || !Array.isArray(items)) return undefined;
  return items.some((item) => isEqual(value, item)) !== negated;
}
