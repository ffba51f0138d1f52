import { describe, expect, it } from 'vitest';
import { agree } from './agree.ts';

describe('agree', () => {
  it.each([
    [{ predictions: [[1, 2]] }, { predictions: [[1.00001, 2]] }, true],
    [{ predictions: [[1, 2]] }, { predictions: [[1.1, 2]] }, false],
    [1000, 1000.05, true],
    [[1, 2], [1, 2, 3], false],
    [[1], { 0: 1 }, false],
    [{ a: 1 }, { b: 1 }, false],
    ['cat', 'dog', false],
    [null, {}, false],
    [NaN, NaN, true],
    [NaN, 1, false],
  ])('of %j and %j is %s', (one, other, expected) => {
    expect(agree(one, other, 1e-4)).toBe(expected);
    expect(agree(other, one, 1e-4)).toBe(expected);
  });
});
