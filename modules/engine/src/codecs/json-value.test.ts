import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotJsonError, toJsonValue } from './json-value.ts';

describe('what an entry script returns, as JSON', () => {
  it('is what JSON.stringify makes of it, for whatever JSON can say', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(JSON.stringify(toJsonValue(value)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    { value: Float32Array.of(1, Number.NaN, -Infinity), json: [1, 'NaN', '-Infinity'] },
    { value: { scores: [Infinity] }, json: { scores: ['Infinity'] } },
    { value: BigInt64Array.of(5n, 2n ** 60n), json: [5, '1152921504606846976'] },
    { value: new Map<string, unknown>([['a', 1], ['b', undefined]]), json: { a: 1 } },
    { value: new Date(0), json: '1970-01-01T00:00:00.000Z' },
    { value: undefined, json: null },
    { value: { kept: null, left: undefined }, json: { kept: null } },
  ])('$json', ({ value, json }) => {
    expect(toJsonValue(value)).toEqual(json);
  }); // prettier-ignore

  it('keeps a key that is called __proto__ a key', () => {
    const value = toJsonValue(JSON.parse('{"__proto__": {"a": 1}}'));
    expect(JSON.stringify(value)).toBe('{"__proto__":{"a":1}}');
  });

  it.each([
    { value: { a: [() => 1] }, text: '$.a[0] is a function' },
    { value: [Symbol('s')], text: '$[0] is a symbol' },
  ])('refuses: $text', ({ value, text }) => {
    expect(() => toJsonValue(value)).toThrow(text);
    expect(() => toJsonValue(value)).toThrow(NotJsonError);
  });
});
