import fc from 'fast-check';
import { expect, test } from 'vitest';
import { documentIssues } from '../document.ts';
import { describeCategories, describeNumbers, lowerBound, upperBound } from './describe-values.ts';
import { baselineLimits, CategoricalBaselineSchema, NumericBaselineSchema } from './drift-baseline.ts';

const numbers = fc
  .array(
    fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.integer({ min: 0, max: 3 }), fc.constant(Number.NaN)),
    { minLength: 1, maxLength: 1000 },
  )
  .map((values) => values.map((value) => value + 0)); // -0 and 0 are the same number, and equality in tests tells them apart

test('bins hold every number once, in order, and the figures are those of plain arithmetic', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const described = describeNumbers({ name: 'x' }, Float64Array.from(values));
      const there = values.filter((value) => !Number.isNaN(value));
      fc.pre(described !== undefined);
      expect(documentIssues(NumericBaselineSchema, described)).toEqual([]);
      const { edges, counts, count, missing, minimum, maximum, mean, deviation } = described;
      expect({ count, missing, minimum, maximum }).toEqual({
        count: there.length,
        missing: values.length - there.length,
        minimum: Math.min(...there),
        maximum: Math.max(...there),
      });
      expect(edges).toEqual([...new Set(edges)].toSorted((a, b) => a - b));
      expect(edges.at(-1)).toBe(maximum);
      for (const [bin, edge] of edges.entries()) {
        const below = bin === 0 ? Number.NEGATIVE_INFINITY : (edges[bin - 1] ?? 0);
        expect(counts[bin]).toBe(there.filter((value) => value > below && value <= edge).length);
      }
      const exact = there.reduce((a, b) => a + b, 0) / there.length;
      expect(mean).toBeCloseTo(exact, 4);
      expect(deviation).toBeCloseTo(Math.sqrt(there.reduce((a, b) => a + (b - exact) ** 2, 0) / there.length), 3);
    }),
    { numRuns: 200 },
  );
});

test('without a number there is nothing to describe', () => {
  expect(describeNumbers({ name: 'x' }, Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY))).toBeUndefined();
});

test('different numbers fill bins evenly', () => {
  const { counts = [] } =
    describeNumbers(
      { name: 'x' },
      Float64Array.from({ length: 6400 }, (_, place) => place),
    ) ?? {};
  expect(counts).toEqual(Array(baselineLimits.bins).fill(100));
});

test('categories stand by frequency and then by name; those beyond the bound are counted together', () => {
  const counts = new Map(
    [...Array(150).keys()].map((place) => [`c${String(place).padStart(3, '0')}`, 150 - place] as const),
  );
  const described = describeCategories({ name: 'x' }, counts, 4);
  expect(documentIssues(CategoricalBaselineSchema, described)).toEqual([]);
  expect(described?.categories[0]).toEqual({ value: 'c000', count: 150 });
  expect(described?.categories.length).toBe(baselineLimits.categories);
  expect(described?.other).toBe((50 * 51) / 2);
  expect(described).toMatchObject({ count: (150 * 151) / 2, missing: 4 });
  expect(describeCategories({ name: 'x' }, new Map([['b', 1], ['a', 1]]), 0)?.categories[0]?.value).toBe('a'); // prettier-ignore
});

test('the bounds are those of a search from the left', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 }), fc.integer({ min: -1, max: 21 }), (list, value) => {
      const sorted = list.toSorted((a, b) => a - b);
      expect(lowerBound(sorted, value)).toBe(sorted.filter((each) => each < value).length);
      expect(upperBound(sorted, value)).toBe(sorted.filter((each) => each <= value).length);
    }),
  ); // prettier-ignore
});
