import { describe, expect, it } from 'vitest';
import { isTwinName, twinSizeBytes } from './twin-limits.ts';

describe('twinSizeBytes', () => {
  it.each([
    [{}, 0],
    [{ a: 'xyz' }, 4],
    [{ a: 1, b: true }, 14],
    [{ ä: 'ö\n' }, 4],
    [{ a: { b: { c: null } } }, 3],
    [{ a: ['x', 2] }, 10],
  ])('counts %j as IoT Hub does', (value, size) => {
    expect(twinSizeBytes(value)).toBe(size);
  });
});

describe('isTwinName', () => {
  it.each([
    ['ring', true],
    ['über-1', true],
    ['', false],
    ['a.b', false],
    ['a b', false],
    ['$a', false],
    ['a\n', false],
    ['x'.repeat(1025), false],
  ])('judges %j', (name, isName) => {
    expect(isTwinName(name)).toBe(isName);
  });
});
