import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../errors/contract-error.ts';
import { compileRoute } from './compile-route.ts';
import { tokenizeRoute } from './tokenize-route.ts';
import type { RouteTruth } from './compile-route.ts';
import type { RouteErrorDetails } from './route-fault.ts';
import type { RouteMessage } from './route-message.ts';

const WORDS = [
  ...`SELECT * FROM / /messages /* */ WHERE INTO $upstream BrokeredEndpoint ( ) "/modules/m/inputs/i" a key1 'x' "y" ' "
    3 -3 0x1F 1e5 e5 .5 true false null undefined TRUE AND or NOT = != <> < <= > >= + - % || ?? ? , { } $body.a $body.a[0]
    $sys $ [ ] ; @ as_number is_null is_defined concat substring twin_change_includes properties.reported.a ß 𝄞`.split(
    /\s+/,
  ),
  '\\',
  ' ',
  '\n',
  '\t',
  '\0',
];

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join(' ')),
  fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join('')),
  fc
    .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 12 })
    .map((words) => `FROM /messages/* WHERE ${words.join(' ')} INTO $upstream`),
);

const dictionary = fc.dictionary(
  fc.constantFrom('a', 'key1', '$sys', '$body.a', 'contentType', 'contentEncoding'),
  fc.constantFrom('x', '3', 'utf-8', 'application/json', null),
);
const anyMessage: fc.Arbitrary<RouteMessage> = fc.record({
  source: fc.constantFrom('/messages', '/messages/modules/m/outputs/o', '/twinChangeNotifications', ''),
  body: fc.oneof(fc.json(), fc.uint8Array({ maxLength: 30 })),
  properties: dictionary,
  systemProperties: dictionary,
});

/** What comes of a text: the truth for a message, or the fault. */
function outcome(text: string, message: RouteMessage): { truth: RouteTruth } | { fault: RouteErrorDetails } {
  try {
    return { truth: compileRoute(text).evaluate(message) };
  } catch (error) {
    if (!(error instanceof ContractError) || error.code !== 'InvalidRoute') throw error;
    return { fault: error.details as unknown as RouteErrorDetails };
  }
}

const MESSAGE: RouteMessage = { source: '/messages', body: '', properties: {}, systemProperties: {} };

describe('compileRoute', () => {
  it('throws nothing but InvalidRoute, at a place inside the text, and evaluates to one of three values', () => {
    fc.assert(
      fc.property(anyText, anyMessage, (text, message) => {
        const result = outcome(text, message);
        const position = 'fault' in result ? result.fault.position : 0;
        expect(position).toBeGreaterThanOrEqual(0);
        expect(position).toBeLessThanOrEqual(text.length);
        expect([true, false, undefined]).toContain('truth' in result ? result.truth : undefined);
      }),
      { numRuns: 1500 },
    );
  });

  it('gives the same answer each time', () => {
    const condition = fc.constantFrom("a = 'x'", 'is_defined(a)', '$body.a > 2', 'as_number(key1) = 3');
    fc.assert(
      fc.property(condition, anyMessage, (text, message) => {
        const route = compileRoute(`FROM /* WHERE ${text} INTO $upstream`);
        expect(route.evaluate(message)).toBe(route.evaluate({ ...message }));
      }),
    );
  });

  it('obeys de Morgan on three values', () => {
    const operand = fc.constantFrom("a = 'x'", "key1 = '3'", 'true', 'false', '(undefined = undefined)');
    fc.assert(
      fc.property(operand, operand, anyMessage, (left, right, message) => {
        const value = (condition: string) => outcome(`FROM /* WHERE ${condition} INTO $upstream`, message);
        expect(value(`NOT (${left} AND ${right})`)).toEqual(value(`NOT (${left}) OR NOT (${right})`));
      }),
    );
  });

  it('cuts every text into tokens that lie one behind the other', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = tokenizeRoute(text);
        const places = tokens.flatMap(({ start, end }) => [start, end]);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(tokens.filter(({ start, end }) => start === end)).toEqual([tokens.at(-1)]);
        expect(places.at(-1)).toBe(text.length);
      }),
    );
  });

  it.each([
    ['comments that do not close', '/*'],
    ['comments', '/* x */'],
    ['quotes', "'"],
    ['double quotes', '"'],
    ['escapes', "'\\\\"],
    ['stars', '*'],
    ['path items', '/a'],
    ['zeros', '0'],
    ['signs', '-'],
    ['brackets', '['],
    ['parentheses', '('],
    ['conditions', "a = 'x' AND "],
    ['digits with a dot', '1.'],
    ['blanks', ' '],
  ])('takes linear time for a long row of %s', (_, piece) => {
    const long = piece.repeat(Math.ceil(300_000 / piece.length));
    const begin = performance.now();
    outcome(long, MESSAGE);
    outcome(`FROM /${long} INTO $upstream`, MESSAGE);
    outcome(`FROM /* WHERE ${long}true INTO $upstream`, MESSAGE);
    outcome(`FROM /* WHERE a = "${long}" INTO $upstream`, MESSAGE);
    // quadratic time would be minutes
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});
