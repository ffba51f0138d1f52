import { describe, expect, it } from 'vitest';
import type { ProfilePoint } from '@edgewright/contract';
import { figuresOfProfile, judge, smallestThatFits } from './choose-limits.ts';

const measured = { cpu: 1, memoryInGB: 0.5, queries: 100, failedQueries: 0, p95Ms: 20 };

describe('whether limits fit', () => {
  it.each([
    ['within the targets', {}, 'fits', undefined],
    ['exactly at the latency', { p95Ms: 50 }, 'fits', undefined],
    ['over the latency', { p95Ms: 50.1, throttled: 0 }, 'too slow', '95 % within 50.1 ms, over 50.0 ms'],
    ['over it and held back', { p95Ms: 512, throttled: 0.4 }, 'too slow', '95 % within 512 ms, over 50.0 ms; the processor limit held it back'],
    ['as many failures as may be', { failedQueries: 1 }, 'fits', undefined],
    ['one failure more', { failedQueries: 2, reason: '500: no' }, 'requests failed', '2 of 100 requests failed: 500: no'],
    ['memory first of all', { p95Ms: 900, outcome: 'out of memory', reason: 'the kernel' }, 'out of memory', 'the kernel'],
  ] as const)('%s', (_, more, outcome, reason) => {
    const { outcome: found, reason: why } = judge({ ...measured, ...more }, 50, 0.01);
    expect({ found, why: found === 'fits' ? undefined : why }).toEqual({ found: outcome, why: reason });
  }); // prettier-ignore
});

const point = (cpu: number, memoryInGB: number, outcome: ProfilePoint['outcome']): ProfilePoint => ({
  ...measured,
  cpu,
  memoryInGB,
  outcome,
});

describe('the recommendation', () => {
  it('has the least cores that fit, and then the least memory', () => {
    const points = [point(2, 0.25, 'fits'), point(0.5, 1, 'fits'), point(0.5, 0.5, 'fits'), point(0.5, 0.25, 'out of memory'), point(0.1, 1, 'too slow')];
    expect(smallestThatFits(points)).toMatchObject({ cpu: 0.5, memoryInGB: 0.5 });
    expect(figuresOfProfile(points, smallestThatFits(points))).toMatchObject({
      requestedCpu: 2,
      requestedMemoryInGB: 1,
      recommendedCpu: 0.5,
      recommendedMemoryInGB: 0.5,
      totalQueries: 100,
      successRate: 100,
      latencyPercentile95InMs: 20,
    });
  }); // prettier-ignore

  it('is none when nothing fits', () => {
    const points = [point(2, 1, 'too slow')];
    expect(smallestThatFits(points)).toBeUndefined();
    expect(figuresOfProfile(points, undefined)).not.toHaveProperty('recommendedCpu');
  });
});
