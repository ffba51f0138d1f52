import { describe, expect, it } from 'vitest';
import { confidenceOf } from './confidence-of.ts';

describe('confidenceOf', () => {
  it.each([
    [{ predictions: [[0.1, 0.9]] }, '/predictions/0', 0.9],
    [{ score: 0.4 }, '/score', 0.4],
    [0.3, '', 0.3],
    [[{ 'a/b': 0.2 }], '/0/a~1b', 0.2],
    [{ classes: { cat: 0.7, dog: 0.3, name: 'x' } }, '/classes', 0.7],
    [{ score: 'high' }, '/score', undefined],
    [{ score: [] }, '/score', undefined],
    [{}, '/constructor/name', undefined],
    [null, '/a', undefined],
  ])('of %j at %j is %j', (value, pointer, expected) => {
    expect(confidenceOf(value, pointer)).toBe(expected);
  });
});
