import { parseBodyPath } from './body-path.ts';
import { binaryExpression, callExpression, negateExpression, notExpression, typeName } from './condition-expression.ts';
import { conditionFunctions } from './condition-functions.ts';
import { asQuery, asTruth, missing } from './condition-values.ts';
import { routeFault } from './route-fault.ts';
import type { BodyPath } from './body-path.ts';
import type { BinarySign, Expression, OperandFault } from './condition-expression.ts';
import type { FunctionSignature } from './condition-functions.ts';
import type { Value } from './condition-values.ts';
import type { MessageScope } from './message-scope.ts';
import type { TokenCursor } from './token-cursor.ts';
import type { Token, TokenKind } from './tokenize-route.ts';

/** How deep parentheses, signs and calls may be nested. */
export const MAX_CONDITION_DEPTH = 100;

/** What binds tighter has the larger number. */
const BINDING: Partial<Record<TokenKind, number>> = {
  '*': 7,
  '/': 7,
  '%': 7,
  '+': 6,
  '-': 6,
  '||': 6,
  '<': 5,
  '<=': 5,
  '>': 5,
  '>=': 5,
  '=': 4,
  '!=': 4,
  '<>': 4,
  and: 3,
  or: 2,
  '??': 1,
};

const TWIN_CHANGE_INCLUDES = 'twin_change_includes';
const BODY_PREFIX = '$body.';
const TWIN_PREFIXES = ['properties.reported.', 'properties.desired.', 'tags.'];

interface Parsing {
  readonly cursor: TokenCursor;
  /** Whether the route's source is twin changes. */
  readonly ofTwinChanges: boolean;
  readonly reads: { properties: string[]; systemProperties: string[]; bodyPaths: string[] };
  depth: number;
}

/** What a condition looks at in a message, each name as often as it is written. */
export interface ConditionReads {
  /** Names of application properties. A name with a leading `$` that is not in the body counts as system property only. */
  readonly properties: readonly string[];
  /** Names of system properties, without the `$`. */
  readonly systemProperties: readonly string[];
  /** Paths into the JSON body, those of `twin_change_includes` too. */
  readonly bodyPaths: readonly string[];
}

export interface ParsedCondition {
  readonly text: string;
  readonly reads: ConditionReads;
  /** The condition's truth for a message. */
  readonly truth: (scope: MessageScope) => boolean | undefined;
}

/**
 * Reads the condition that begins at the cursor, and stops at the first token that cannot belong to it.
 *
 * @throws ContractError `InvalidRoute`
 */
export function parseCondition(cursor: TokenCursor, ofTwinChanges: boolean): ParsedCondition {
  const { start } = cursor.peek();
  const reads: Parsing['reads'] = { properties: [], systemProperties: [], bodyPaths: [] };
  const { type, evaluate } = parseBinary({ cursor, ofTwinChanges, reads, depth: 0 }, 1);
  const truth = type === 'null' ? () => false : (scope: MessageScope) => asTruth(evaluate(scope));
  return { text: cursor.text.slice(start, cursor.takenEnd()), reads, truth };
}

function parseBinary(parsing: Parsing, minimum: number): Expression {
  const { cursor } = parsing;
  let left = parseUnary(parsing);
  for (;;) {
    const binding = BINDING[cursor.peek().kind];
    if (binding === undefined || binding < minimum) return left;
    const operator = cursor.take();
    const right = parseBinary(parsing, binding + 1);
    left = accepted(parsing, operator, binaryExpression(operator.kind as BinarySign, { left, right }));
  }
}

function parseUnary(parsing: Parsing): Expression {
  const { cursor } = parsing;
  parsing.depth += 1;
  if (parsing.depth > MAX_CONDITION_DEPTH) {
    throw cursor.fault(
      'NestingTooDeep',
      cursor.peek(),
      `conditions are nested at most ${MAX_CONDITION_DEPTH} levels deep`,
    );
  }
  const token = cursor.take();
  const expression =
    token.kind === '-'
      ? accepted(parsing, token, negateExpression(parseUnary(parsing)))
      : token.kind === 'not'
        ? accepted(parsing, token, notExpression(parseUnary(parsing)))
        : parsePrimary(parsing, token);
  parsing.depth -= 1;
  return expression;
}

function parsePrimary(parsing: Parsing, token: Token): Expression {
  const { cursor } = parsing;
  const text = cursor.textOf(token);
  switch (token.kind) {
    case '(': {
      const inner = parseBinary(parsing, 1);
      cursor.expect(')', 'a closing )');
      return inner;
    }
    case '{': {
      const name = cursor.expect('systemName', 'a system property such as $messageId');
      cursor.expect('}', 'a closing }');
      return systemOnly(parsing, name);
    }
    case 'name':
      return cursor.peek().kind === '(' ? parseCall(parsing, token) : propertyExpression(parsing, text);
    case 'systemName':
      return systemOrProperty(parsing, token);
    case 'true':
    case 'false':
      return literal('bool', token.kind === 'true');
    case 'null':
      return literal('null', null);
    case 'undefined':
      return literal('undefined', undefined);
    case 'string':
      return literal('string', unescaped(text.slice(1, -1)));
    case 'integer':
    case 'real':
      return numberLiteral(Number(text));
    case 'hex':
      return numberLiteral(hexValue(text));
    default:
      throw cursor.unexpected(token, 'a value, a property or a function');
  }
}

function literal(type: Expression['type'], value: Value): Expression {
  return { type, evaluate: () => value };
}

/** `e5` looks like a number but is none: edgeHub makes Undefined of it, as of hexadecimal numbers beyond 64 bits. */
function numberLiteral(value: number): Expression {
  return Number.isNaN(value) ? literal('undefined', undefined) : literal('number', value);
}

function hexValue(text: string): number {
  const digits = text.slice(2).replace(/^0+(?=.)/, '');
  return digits.length > 16 ? Number.NaN : Number(BigInt.asIntN(64, BigInt(`0x${digits}`)));
}

/** First \uXXXX, then the other escapes, as edgeHub does; so `\\u0041` gives `\A`. */
function unescaped(text: string): string {
  return text
    .replace(/\\[uU]([\da-fA-F]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\(["'\\])/g, '$1');
}

function propertyExpression({ reads }: Parsing, name: string): Expression {
  reads.properties.push(name);
  return { type: 'string', evaluate: (scope) => scope.property(name) };
}

function systemProperty({ reads }: Parsing, name: string): Expression {
  if (/[[\]]/.test(name)) return literal('undefined', undefined);
  reads.systemProperties.push(name.slice(1));
  return { type: 'string', evaluate: (scope) => scope.systemProperty(name.slice(1)) };
}

/** `$name`: the application property of that name if there is one, else the body or the system property. */
function systemOrProperty(parsing: Parsing, token: Token): Expression {
  const name = parsing.cursor.textOf(token);
  const other = systemOnly(parsing, token);
  if (/[[\]]/.test(name)) return other;
  return {
    type: other.type,
    evaluate: (scope) => {
      const own = scope.property(name);
      return own === undefined ? other.evaluate(scope) : asOperand(other.type, own);
    },
  };
}

/** An application property where a value of the body is expected is a string there. */
function asOperand(type: Expression['type'], own: string | null): Value {
  return type === 'query' ? asQuery('string', own) : own;
}

/** `{$name}`: never the application property. */
function systemOnly(parsing: Parsing, token: Token): Expression {
  const path = bodyPathOf(parsing, token);
  return path === undefined
    ? systemProperty(parsing, parsing.cursor.textOf(token))
    : { type: 'query', evaluate: (scope) => scope.body(path) };
}

function bodyPathOf({ cursor, reads }: Parsing, token: Token): BodyPath | undefined {
  const text = cursor.textOf(token);
  if (text.slice(0, BODY_PREFIX.length).toLowerCase() !== BODY_PREFIX) return undefined;
  const path = parseBodyPath(text.slice(BODY_PREFIX.length));
  if ('reason' in path) {
    const position = token.start + BODY_PREFIX.length + path.offset;
    throw routeFault(cursor.text, { code: 'InvalidPath', position, reason: `in the path of $body, ${path.reason}` });
  }
  reads.bodyPaths.push(path.text);
  return path;
}

function parseCall(parsing: Parsing, token: Token): Expression {
  const { cursor } = parsing;
  const name = cursor.textOf(token);
  if (name.toLowerCase() === TWIN_CHANGE_INCLUDES) return parseTwinChange(parsing, token);
  const signatures = conditionFunctions.get(name.toLowerCase());
  if (signatures === undefined) {
    throw cursor.fault('UnknownFunction', token, `there is no function "${name}"; there are ${functionNames()}`);
  }
  const args = parseArguments(parsing);
  const call = callExpression(signatures, args);
  if (call !== undefined) return call;
  const given = args.length === 0 ? 'no argument' : args.map(({ type }) => typeName(type)).join(', ');
  const wanted = signatures.map(signatureText).join(' or ');
  throw cursor.fault('WrongArguments', token, `the function ${name} takes ${wanted}, and is given ${given}`);
}

function signatureText({ parameters, any, variadic }: FunctionSignature): string {
  if (any === true) return 'one argument';
  return `(${parameters.map((type, index) => (variadic === true && index === parameters.length - 1 ? '…' : typeName(type))).join(', ')})`;
}

function functionNames(): string {
  return [...conditionFunctions.keys(), TWIN_CHANGE_INCLUDES].join(', ');
}

function parseArguments(parsing: Parsing): Expression[] {
  const { cursor } = parsing;
  cursor.expect('(', 'an opening (');
  const args: Expression[] = [];
  if (cursor.takeIf(')') !== undefined) return args;
  do args.push(parseBinary(parsing, 1));
  while (cursor.takeIf(',') !== undefined);
  cursor.expect(')', 'a closing )');
  return args;
}

/** `twin_change_includes(path)`: its argument is a path, and it works only on the source of twin changes. */
function parseTwinChange({ cursor, ofTwinChanges, reads }: Parsing, token: Token): Expression {
  if (!ofTwinChanges) {
    const reason = `${TWIN_CHANGE_INCLUDES} works only in routes FROM /twinChangeNotifications`;
    throw cursor.fault('UnknownFunction', token, reason);
  }
  cursor.expect('(', 'an opening (');
  const argument = cursor.expect('name', 'a path such as properties.reported.temperature');
  const text = cursor.textOf(argument);
  cursor.expect(')', 'a closing )');
  const path = parseBodyPath(text);
  if ('reason' in path) {
    const position = argument.start + path.offset;
    throw routeFault(cursor.text, { code: 'InvalidPath', position, reason: `in this path, ${path.reason}` });
  }
  if (!TWIN_PREFIXES.some((prefix) => text.toLowerCase().startsWith(prefix))) {
    const reason = `the path must begin with ${TWIN_PREFIXES.join(' or ')}`;
    throw cursor.fault('InvalidPath', argument, reason);
  }
  reads.bodyPaths.push(text);
  return {
    type: 'bool',
    evaluate: (scope) => {
      const value = scope.bodyOrNested(path);
      return value === undefined ? undefined : value !== missing;
    },
  };
}

function accepted({ cursor }: Parsing, operator: Token, result: Expression | OperandFault): Expression {
  if ('reason' in result) throw cursor.fault('WrongOperands', operator, result.reason);
  return result;
}
