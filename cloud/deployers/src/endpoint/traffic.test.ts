import { describe, expect, it } from 'vitest';
import { trafficShares, withRoles } from './traffic.ts';
import type { TrafficVersion } from './traffic.ts';

const version = (name: string, trafficPercentile: number, more: Partial<TrafficVersion> = {}): TrafficVersion => ({
  name,
  trafficPercentile,
  isDefault: false,
  isControl: false,
  ...more,
});
const blue = version('blue', 0, { isDefault: true });

describe('trafficShares', () => {
  it('gives the default version what the others leave', () => {
    const percents = (versions: TrafficVersion[]) => trafficShares('e', versions).map(({ percent }) => percent);
    expect(percents([blue])).toEqual([100]);
    expect(percents([blue, version('green', 20), version('red', 5)])).toEqual([75, 20, 5]);
    expect(percents([{ ...blue, trafficPercentile: 30 }, version('green', 100)])).toEqual([0, 100]);
  });

  it.each([
    [[blue, version('green', 60), version('red', 41)], 'ask for 101 per cent (green 60, red 41)'],
    [[version('green', 60)], 'one version must be the default one, and there are 0'],
    [[blue, version('green', 0, { isDefault: true })], 'there are 2'],
    [[{ ...blue, isControl: true }, version('green', 0, { isControl: true })], 'not blue and green'],
    [[blue, ...[1, 2, 3, 4, 5, 6].map((n) => version(`v${n}`, 0))], 'at most 6 versions'],
  ])('refuses %j', (versions, text) => {
    expect(() => trafficShares('e', versions)).toThrow(text);
  });
});

describe('withRoles', () => {
  it('takes the role from the version that had it, and keeps the order', () => {
    const green = version('green', 20, { isDefault: true });
    expect(withRoles([blue], green)).toEqual([{ ...blue, isDefault: false }, green]);
    expect(withRoles([blue, version('green', 20)], green)).toEqual([{ ...blue, isDefault: false }, green]);
    const red = version('red', 5, { isControl: true });
    expect(withRoles([red, blue], { ...blue, isControl: true })).toEqual([
      { ...red, isControl: false },
      { ...blue, isControl: true },
    ]);
  });
});
