import { expect, it } from 'vitest';
import { lineDiff } from './line-diff.ts';

it('says nothing of equal texts', () => {
  expect(lineDiff('a\nb\n', 'a\nb\n')).toEqual([]);
});

it('gives what stands there and what is wanted, with line numbers', () => {
  expect(lineDiff('a\nb\nc\nd', 'a\nx\nc\ny\nd')).toEqual(['-2: b', '+2: x', '+4: y']);
  expect(lineDiff('a', '')).toEqual(['-1: a', '+1: ']);
});

it('keeps the longest part that both have', () => {
  expect(lineDiff('s\na\nb\nc\ne', 's\nb\nc\na\ne')).toEqual(['-2: a', '+4: a']);
});
