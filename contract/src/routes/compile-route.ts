import { scopeOf } from './message-scope.ts';
import { upperInvariant } from './ordinal-text.ts';
import { parseCondition } from './parse-condition.ts';
import { createTokenCursor } from './token-cursor.ts';
import type { ConditionReads } from './parse-condition.ts';
import type { RouteMessage } from './route-message.ts';
import type { TokenCursor } from './token-cursor.ts';
import type { Token } from './tokenize-route.ts';

/** Where a route delivers. */
export type RouteSink =
  | { readonly kind: 'upstream' }
  | {
      readonly kind: 'module';
      readonly module: string;
      readonly input: string;
      /** The path as it is written, of which edgeHub reads only the second and fourth part. */
      readonly path: string;
    };

/** The truth values of conditions: `undefined` is the language's own third value, and a route takes a message only on `true`. */
export type RouteTruth = true | false | undefined;

/** A route that compiled. */
export interface CompiledRoute {
  /** The route as it was written. */
  readonly text: string;
  /** The source path without blanks and comments, such as `/messages/modules/sensor/outputs/*`. */
  readonly source: string;
  readonly sink: RouteSink;
  /** The text of the condition; absent when there is none. */
  readonly condition?: string;
  readonly reads: ConditionReads;
  /** What stands behind the sink, which edgeHub does not read; absent when there is nothing but blanks and comments. */
  readonly ignored?: string;
  /** Whether a message of this source would be looked at, whatever the condition. */
  matchesSource(source: string): boolean;
  /** False when the source does not match; else the truth of the condition. Never throws. */
  evaluate(message: RouteMessage): RouteTruth;
}

const TWIN_CHANGES = '/TWINCHANGENOTIFICATIONS/';
const UPSTREAM = '$upstream';
const ENDPOINT_FUNCTION = 'brokeredendpoint';
const ENDPOINT_FORM = 'BrokeredEndpoint("/modules/NAME/inputs/INPUT")';

/**
 * Compiles a route as edgeHub does, quirks included; docs/routes.md describes the language.
 *
 * Takes time linear in the text. The result may be used for any number of messages.
 *
 * @throws ContractError `InvalidRoute`; its details are {@link RouteErrorDetails}, its message shows the place
 */
export function compileRoute(text: string): CompiledRoute {
  const cursor = createTokenCursor(text);
  if (cursor.peek().kind === 'end') throw cursor.fault('Empty', cursor.peek(), 'there is nothing but blanks');
  if (cursor.takeIf('select') !== undefined) cursor.expect('*', 'a * (SELECT takes nothing else)');
  cursor.expect('from', 'FROM');
  const source = parseSource(cursor);
  const prefix = sourcePrefix(source);
  const condition = cursor.takeIf('where') && parseCondition(cursor, prefix === TWIN_CHANGES);
  cursor.expect('into', condition === undefined ? 'WHERE or INTO' : 'an operator or INTO');
  const sink = parseSink(cursor);
  const behind = cursor.peek();
  const matchesSource = (path: string) => upperInvariant(withOneSlash(path)).startsWith(prefix);
  return {
    text,
    source,
    sink,
    ...(condition === undefined ? {} : { condition: condition.text }),
    ...(behind.kind === 'end' ? {} : { ignored: text.slice(behind.start).trim() }),
    reads: condition?.reads ?? { properties: [], systemProperties: [], bodyPaths: [] },
    matchesSource,
    evaluate: (message) => {
      if (!matchesSource(message.source)) return false;
      return condition === undefined || condition.truth(scopeOf(message));
    },
  };
}

/** What the source of a message must begin with, in upper case: a `*` counts only at the end, and only whole segments match. */
function sourcePrefix(source: string): string {
  return upperInvariant(withOneSlash(withoutTrailing('*', source)));
}

function withOneSlash(path: string): string {
  return `${withoutTrailing('/', path)}/`;
}

/** By hand, because the regular expression for it takes quadratic time. */
function withoutTrailing(character: string, text: string): string {
  let end = text.length;
  while (end > 0 && text.charAt(end - 1) === character) end -= 1;
  return text.slice(0, end);
}

function parseSource(cursor: TokenCursor): string {
  const parts: string[] = [];
  const before = cursor.takenEnd();
  const first = cursor.take();
  if (first.kind !== '/') throw noSource(cursor, first, cursor.text.slice(before, first.start));
  do {
    const item = cursor.take();
    if (item.kind !== '*' && item.kind !== 'name') throw wrongItem(cursor, item);
    parts.push(`/${cursor.textOf(item)}`);
  } while (cursor.takeIf('/') !== undefined);
  return parts.join('');
}

function noSource(cursor: TokenCursor, token: Token, skipped: string): Error {
  const expected = 'a path that begins with /, such as /messages/modules/sensor/outputs/*,';
  if (!skipped.includes('/*')) return cursor.unexpected(token, expected);
  const reason =
    'the /* of the source begins a comment that ends before this place; write /messages/* or take out the comment';
  return cursor.fault('UnexpectedToken', token, reason);
}

function wrongItem(cursor: TokenCursor, token: Token): Error {
  const text = cursor.textOf(token);
  const expected = 'a name or * after the /';
  const reserved: Partial<Record<Token['kind'], string>> = {
    systemName: 'names that begin with $ cannot stand in a path',
    integer: 'what looks like a number cannot stand in a path',
    hex: 'what looks like a number cannot stand in a path',
    real: 'what looks like a number cannot stand in a path',
  };
  const isWord = /^[a-z]+$/i.test(text) && token.kind !== 'name';
  const reason =
    reserved[token.kind] ?? (isWord ? `"${text}" is a word of the language and cannot stand in a path` : '');
  if (reason === '' || token.kind === 'where' || token.kind === 'into') return cursor.unexpected(token, expected);
  return cursor.fault('UnexpectedToken', token, `${expected} is expected here, not ${JSON.stringify(text)}: ${reason}`);
}

/** What stands behind the sink is not read, as in edgeHub. */
function parseSink(cursor: TokenCursor): RouteSink {
  const name = cursor.take();
  const text = cursor.textOf(name);
  if (name.kind === 'systemName') {
    if (text.toLowerCase() === UPSTREAM) return { kind: 'upstream' };
    throw cursor.fault('UnknownSink', name, `there is no sink "${text}"; write ${UPSTREAM} or ${ENDPOINT_FORM}`);
  }
  if (name.kind !== 'name') throw cursor.unexpected(name, `${UPSTREAM} or ${ENDPOINT_FORM}`);
  cursor.expect('(', `an opening ( as in ${ENDPOINT_FORM}`);
  const endpoint = cursor.expect('string', 'a path in quotes');
  cursor.expect(')', 'a closing )');
  if (text.toLowerCase() !== ENDPOINT_FUNCTION) {
    throw cursor.fault('UnknownSink', name, `there is no sink "${text}"; write ${UPSTREAM} or ${ENDPOINT_FORM}`);
  }
  return parseEndpoint(cursor, endpoint);
}

function parseEndpoint(cursor: TokenCursor, token: Token): RouteSink {
  const written = cursor.textOf(token).slice(1, -1);
  const path = written.trim().replace(/^\//, '').replace(/\/$/, '');
  const segments = path.split('/');
  const [, module, , input] = segments;
  if (segments.length !== 4 || module === undefined || input === undefined) {
    const found = path === '' ? 'it is empty' : `it has ${segments.length}`;
    throw cursor.fault('InvalidEndpoint', token, `the path has four parts, /modules/NAME/inputs/INPUT, and ${found}`);
  }
  return { kind: 'module', module, input, path: written };
}
