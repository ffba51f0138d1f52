import { expect, it } from 'vitest';
import { HourlyBudget } from './hourly-budget.ts';

it('gives so many in any hour', () => {
  let now = 0;
  const budget = new HourlyBudget(() => now);
  budget.spend();
  now = 1_800_000;
  budget.spend();
  expect([budget.left(2), budget.left(3), budget.left(0)]).toEqual([0, 1, 0]);
  now = 3_600_001;
  expect(budget.left(2)).toBe(1);
  now = 9_000_000;
  expect(budget.left(2)).toBe(2);
});
