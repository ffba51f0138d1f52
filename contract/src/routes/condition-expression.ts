import { concat } from './condition-functions.ts';
import { asQuery, asTruth, compareValues, conjunction, definedNumber, disjunction } from './condition-values.ts';
import type { FunctionSignature } from './condition-functions.ts';
import type { CompareSign, StaticType, Value } from './condition-values.ts';
import type { MessageScope } from './message-scope.ts';

/** A typed part of a condition. */
export interface Expression {
  readonly type: StaticType;
  readonly evaluate: (scope: MessageScope) => Value;
  /** The steps of an expression that was built from left to right; see {@link chained}. */
  readonly steps?: Step[];
}

type Step = (left: Value, scope: MessageScope) => Value;

/** The operators between two operands. */
export type BinarySign = '*' | '/' | '%' | '+' | '-' | '||' | CompareSign | '<>' | 'and' | 'or' | '??';

/** Why an operator does not take its operands. */
export interface OperandFault {
  readonly reason: string;
}

const QUERY_COMPANIONS = new Set<StaticType>(['null', 'number', 'string', 'bool', 'query']);

/** Whether a value of type `given` may stand where `wanted` is asked for. */
function fits(wanted: StaticType, given: StaticType): boolean {
  if (wanted === given) return true;
  return (given === 'query' && QUERY_COMPANIONS.has(wanted)) || (wanted === 'query' && QUERY_COMPANIONS.has(given));
}

/** Makes the expression of an operator between two operands, or says why it cannot be. */
export function binaryExpression(
  sign: BinarySign,
  { left, right }: { readonly left: Expression; readonly right: Expression },
): Expression | OperandFault {
  if (sign === 'and' || sign === 'or') return logical(sign, left, right);
  if (sign === '*' || sign === '/' || sign === '%' || sign === '+' || sign === '-')
    return arithmetic(sign, left, right);
  if (sign === '||') {
    if (!fits('string', left.type) || !fits('string', right.type)) return operandFault(sign, left, right);
    return chained(left, 'string', (value, scope) => concat([asQuery(left.type, value), operand(right, scope)]));
  }
  if (!fits(left.type, right.type)) return operandFault(sign, left, right);
  const type = left.type === 'query' || right.type === 'query' ? 'query' : left.type;
  if (sign === '??') {
    const isDefined = (value: Value) => type !== 'undefined' && value !== undefined;
    return chained(left, type, (value, scope) =>
      isDefined(value) ? converted(value, left.type, type) : converted(right.evaluate(scope), right.type, type),
    );
  }
  const compareSign = sign === '<>' ? '!=' : sign;
  return chained(left, 'bool', (value, scope) =>
    compareValues(compareSign, type, {
      left: converted(value, left.type, type),
      right: converted(right.evaluate(scope), right.type, type),
    }),
  );
}

/** `NOT` takes truth values, what comes out of the body, and null, of which it makes true. */
export function notExpression(operand: Expression): Expression | OperandFault {
  if (operand.type === 'null') return { type: 'bool', evaluate: () => true };
  if (!fits('bool', operand.type)) return { reason: `NOT takes a truth value, not ${typeName(operand.type)}` };
  return {
    type: 'bool',
    evaluate: (scope) => {
      const value = asTruth(operand.evaluate(scope));
      return value === undefined ? undefined : !value;
    },
  };
}

/** The sign in front of a number; edgeHub does not take it before values out of the body. */
export function negateExpression(operand: Expression): Expression | OperandFault {
  if (operand.type !== 'number') return { reason: `the sign - takes a number, not ${typeName(operand.type)}` };
  return {
    type: 'number',
    evaluate: (scope) => {
      const value = operand.evaluate(scope);
      return typeof value === 'number' ? -value : undefined;
    },
  };
}

/** A call of a function, or undefined when no signature takes such arguments. */
export function callExpression(
  signatures: readonly FunctionSignature[],
  args: readonly Expression[],
): Expression | undefined {
  const signature = signatures.find((candidate) => takes(candidate, args));
  if (signature === undefined) return undefined;
  return {
    type: signature.result,
    evaluate: (scope) =>
      signature.call(args.map((arg) => (signature.takesQuery ? operand(arg, scope) : arg.evaluate(scope)))),
  };
}

/** A type in words. */
export function typeName(type: StaticType): string {
  if (type === 'query') return 'a value of the body';
  if (type === 'bool') return 'a truth value';
  return type === 'null' || type === 'undefined' ? type : `a ${type}`;
}

function takes(signature: FunctionSignature, args: readonly Expression[]): boolean {
  const { parameters, variadic, any, takesQuery } = signature;
  if (any === true) return args.length === parameters.length;
  if (variadic === true ? args.length < parameters.length - 1 : args.length !== parameters.length) return false;
  return args.every(({ type }, index) => {
    const wanted = parameters[index] ?? parameters.at(-1);
    return wanted === type || (takesQuery && type === 'query');
  });
}

function logical(sign: 'and' | 'or', left: Expression, right: Expression): Expression | OperandFault {
  const isTruth = ({ type }: Expression) => type === 'null' || type === 'bool' || type === 'undefined';
  // edgeHub looks at the wrong side here: a value of the body may stand on the right only if one stands on the left
  if (!(isTruth(left) || left.type === 'query') || !(isTruth(right) || left.type === 'query')) {
    return operandFault(sign, left, right);
  }
  const nulls = [left, right].filter(({ type }) => type === 'null').length;
  const others = [left, right].some(({ type }) => type === 'undefined' || (type === 'query' && sign === 'and'));
  if (nulls > 0 && others) return operandFault(sign, left, right);
  if (nulls > 0 && left.type !== 'query') return logicalWithNull(sign, left, right);
  const combine = sign === 'and' ? conjunction : disjunction;
  if (left.type === 'query') {
    return chained(left, 'bool', (value, scope) => {
      const other = operand(right, scope);
      return typeof value === 'boolean' && typeof other === 'boolean' ? combine(value, other) : undefined;
    });
  }
  return chained(left, 'bool', (value, scope) => combine(asTruth(value), asTruth(right.evaluate(scope))));
}

/** Null and anything is null; null or something is that. */
function logicalWithNull(sign: 'and' | 'or', left: Expression, right: Expression): Expression {
  if (sign === 'and' || left.type === right.type) return { type: 'null', evaluate: () => null };
  return left.type === 'null' ? right : left;
}

function arithmetic(sign: '*' | '/' | '%' | '+' | '-', left: Expression, right: Expression): Expression | OperandFault {
  const query = left.type === 'query' || right.type === 'query';
  if (!fits('number', left.type) || !fits('number', right.type) || (query && sign === '%')) {
    return operandFault(sign, left, right);
  }
  return chained(left, query ? 'query' : 'number', (value, scope) => {
    const other = right.evaluate(scope);
    if (typeof value !== 'number' || typeof other !== 'number') return undefined;
    const result = calculate(sign, value, other);
    return query ? result : definedNumber(result);
  });
}

function calculate(sign: '*' | '/' | '%' | '+' | '-', left: number, right: number): number {
  if (sign === '*') return left * right;
  if (sign === '/') return left / right;
  if (sign === '%') return left % right;
  return sign === '+' ? left + right : left - right;
}

function operand(expression: Expression, scope: MessageScope): Value {
  return asQuery(expression.type, expression.evaluate(scope));
}

function converted(value: Value, from: StaticType, to: StaticType): Value {
  return to === 'query' ? asQuery(from, value) : value;
}

/**
 * An expression that goes on from its left operand. A row of operators becomes one list of steps and not a tree, so that a
 * row of any length is evaluated without recursion. The left operand must not be used any more.
 */
function chained(left: Expression, type: StaticType, step: Step): Expression {
  if (left.steps !== undefined) {
    left.steps.push(step);
    return { ...left, type };
  }
  const steps = [step];
  const first = left.evaluate;
  return {
    type,
    steps,
    evaluate: (scope) => {
      let value = first(scope);
      for (const next of steps) value = next(value, scope);
      return value;
    },
  };
}

function operandFault(sign: BinarySign, left: Expression, right: Expression): OperandFault {
  const name = sign === 'and' || sign === 'or' ? sign.toUpperCase() : sign;
  return {
    reason: `the operator ${name} does not take ${typeName(left.type)} and ${typeName(right.type)}${adviceFor(sign, left, right)}`,
  };
}

function adviceFor(sign: BinarySign, left: Expression, right: Expression): string {
  const types = new Set([left.type, right.type]);
  if (types.has('string') && types.has('number')) {
    return ': properties are always strings, so write as_number(name), or put the number into quotes';
  }
  if (types.has('string') && types.has('bool') && sign !== '||') {
    return ": properties are always strings, so compare with a string such as 'true'; the words true and false count only in lower case";
  }
  if (types.has('string') && types.has('null')) return ': to see whether a property is there, write is_defined(name)';
  if ((sign === 'and' || sign === 'or') && right.type === 'query') {
    return ': write the value of the body on the left, or compare it: $body.name = true';
  }
  if (sign === '%' && types.has('query')) return ': write as_number($body.name)';
  return '';
}
