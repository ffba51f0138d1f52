import { expect, it } from 'vitest';
import { compare, isHeld, median, quantile } from './harness.ts';
import type { Sample } from './harness.ts';

it('measures in turns, leaves the first round out, and turns ratios so that larger is better', async () => {
  const calls: string[] = [];
  const side =
    (name: string, factor: number): (() => Promise<Sample>) =>
    async () => {
      calls.push(name);
      // the first round is far off, as first rounds are
      const round = Math.ceil(calls.length / 2) - 1;
      return { time: factor * (round === 0 ? 100 : round), speed: factor * 10 };
    };
  const rows = await compare(
    {
      metrics: [
        { metric: 'time', unit: 's', better: 'smaller', goal: 1.5 },
        { metric: 'speed', unit: '1/s', better: 'larger' },
      ],
      rounds: 3,
      ours: side('ours', 1),
      baseline: side('baseline', 2),
    },
    () => {},
  );
  expect(calls).toEqual(['ours', 'baseline', 'baseline', 'ours', 'ours', 'baseline', 'baseline', 'ours']);
  expect(rows).toEqual([
    { metric: 'time', unit: 's', ours: 2, baseline: 4, ratio: 2, goal: 1.5 },
    { metric: 'speed', unit: '1/s', ours: 10, baseline: 20, ratio: 0.5 },
  ]);
});

it('does not pass over a figure that was not measured', async () => {
  const nothing = async (): Promise<Sample> => ({});
  const comparison = {
    metrics: [{ metric: 'time', unit: 's', better: 'smaller' as const }],
    ours: nothing,
    baseline: nothing,
  };
  await expect(compare(comparison, () => {})).rejects.toThrow('"time"');
});

it('interpolates quantiles', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
  expect(() => median([])).toThrow(RangeError);
});

it.each([
  { what: 'nothing was asked for', held: true },
  { what: 'the ratio is reached', goal: 2, held: true },
  { what: 'the ratio is not reached', goal: 2.1, held: false },
  { what: 'ours is small enough', limit: { of: 'ours', atMost: 5 }, held: true },
  { what: 'ours is too large', limit: { of: 'ours', atMost: 4 }, held: false },
  { what: 'ours is not far above the baseline', limit: { of: 'difference', atMost: -5 }, held: true },
  { what: 'ours is too far above the baseline', limit: { of: 'difference', atMost: -6 }, held: false },
] as const)('a row holds when $what: $held', ({ held, ...asked }) => {
  expect(isHeld({ metric: 'time', unit: 's', ours: 5, baseline: 10, ratio: 2, ...asked })).toBe(held);
});
