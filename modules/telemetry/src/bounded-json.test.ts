import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedJson } from './bounded-json.ts';
import { cutText } from './cut-text.ts';

describe('boundedJson', () => {
  it('writes what JSON.stringify writes, when it fits', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(boundedJson(value, 1_000_000)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('never writes more than the limit, and begins as the whole would', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 10, max: 60 }), (value, limit) => {
        const whole = JSON.stringify(value);
        const text = boundedJson(value, limit);
        expect(text.length).toBeLessThanOrEqual(limit);
        const kept = text === whole ? text : text.replace(/… \(cut\)$/, '');
        expect(kept === text).toBe(text === whole);
        expect(whole.startsWith(kept)).toBe(true);
      }),
    );
  });

  it('writes typed arrays, dates and large integers, and neither throws nor loops', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(boundedJson({ a: Float32Array.of(1, 0.5), b: new Date(0), c: 2n ** 70n }, 100)).toBe(
      '{"a":[1,0.5],"b":"1970-01-01T00:00:00.000Z","c":1180591620717411303424}',
    );
    expect(boundedJson(circle, 50)).toMatch(/… \(cut\)$/);
    expect(boundedJson(circle, 5_000)).toContain('"…"');
    expect(boundedJson(undefined, 10)).toBe('null');
    const broken = {
      get a() {
        throw new TypeError('no');
      },
    };
    expect(boundedJson(broken, 100)).toBe('(no JSON: no)');
  });
});

it('cutText keeps to the limit, says what was cut, and leaves no half character', () => {
  expect(cutText('abc', 3)).toBe('abc');
  expect(cutText('x'.repeat(100), 40)).toBe(`${'x'.repeat(17)}… (cut, 100 characters)`);
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '😀'), maxLength: 80 }),
      fc.integer({ min: 30, max: 60 }),
      (text, limit) => {
        const cut = cutText(text, limit);
        expect(cut.length).toBeLessThanOrEqual(limit);
        expect(cut.isWellFormed()).toBe(true);
      },
    ),
  );
});
