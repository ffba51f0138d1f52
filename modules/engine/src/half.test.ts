import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from './half.ts';

/** Node.js 24's own half precision, as a second opinion. */
const Float16 = (globalThis as unknown as { Float16Array: new (values: ArrayBuffer | number[]) => ArrayLike<number> & { buffer: ArrayBuffer } }).Float16Array; // prettier-ignore

describe('FP16', () => {
  it('means the same numbers as Float16Array, for all 65 536 bit patterns', () => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const native = new Float16(bits.buffer);
    const differing = [...bits].filter((pattern) => !Object.is(halfToNumber(pattern), native[pattern]));
    expect(differing).toEqual([]);
  });

  it('comes back from its number, for all patterns but the many of NaN', () => {
    const patterns = Array.from({ length: 65_536 }, (_, i) => i).filter((bits) => !Number.isNaN(halfToNumber(bits)));
    expect(patterns.filter((bits) => numberToHalf(halfToNumber(bits)) !== bits)).toEqual([]);
    expect(halfToNumber(numberToHalf(Number.NaN))).toBeNaN();
  });

  it('rounds as Float16Array does', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.double({ min: -70_000, max: 70_000 }), fc.double({ min: 0, max: 1e-4 })), (value) => {
        expect(halfToNumber(numberToHalf(value))).toBe(new Float16([value])[0]);
      }),
      { numRuns: 2000 },
    ); // prettier-ignore
  });
});

describe('BF16', () => {
  it('is the upper half of a float32, rounded to even', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        const back = bfloatToNumber(numberToBfloat(value));
        // below the normal numbers the step no longer shrinks
        const step = Math.max(Math.abs(value) * 2 ** -8, 2 ** -133);
        expect(Number.isFinite(back) ? Math.abs(back - value) <= step : Math.abs(value) > 3.38e38).toBe(true);
      }),
    );
    expect(bfloatToNumber(0x3f80)).toBe(1);
    expect(numberToBfloat(1 + 2 ** -8)).toBe(0x3f80);
    expect(numberToBfloat(1 + 3 * 2 ** -8)).toBe(0x3f82);
    expect(bfloatToNumber(numberToBfloat(Number.NaN))).toBeNaN();
  });
});
