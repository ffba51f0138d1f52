import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeCategories, describeNumbers } from './describe-values.ts';
import { DriftAlarm } from './drift-alarm.ts';
import type { FeatureBaseline } from './drift-baseline.ts';
import { completeDriftSettings } from './drift-settings.ts';
import { DriftWindow } from './drift-window.ts';
import type { FeatureValue } from './feature-bins.ts';

const week = 604_800;

test('the window compares what a list of the same last rows would', () => {
  const value = fc.option(fc.integer({ min: -2, max: 12 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), fc.integer({ min: 5, max: 40 }), (values, stepRows) => {
      const windowRows = stepRows * 4;
      const feature = uniform();
      const window = new DriftWindow([feature], { windowRows, stepRows, windowSeconds: week });
      for (const each of values) window.observe([each], 0);
      const begun = Math.floor((values.length - 1) / stepRows) * stepRows;
      const kept = values.slice(Math.max(0, begun - 3 * stepRows));
      const there = kept.filter((each) => each !== undefined);
      const [figure] = window.figures();
      expect(window.rows).toBe(kept.length);
      expect(figure?.missingRate).toBeCloseTo(1 - there.length / kept.length, 12);
      const outside = there.filter((each) => each < 0 || each > 9).length;
      expect(figure?.outOfRangeRate).toBeCloseTo(there.length === 0 ? 0 : outside / there.length, 12);
    }),
  ); // prettier-ignore
});

test('rows that are too old leave the window', () => {
  const window = new DriftWindow([uniform()], { windowRows: 100, stepRows: 10, windowSeconds: 60 });
  for (let row = 0; row < 25; row += 1) window.observe([row % 10], row < 10 ? 0 : 50_000);
  expect(window.rows).toBe(25);
  window.expire(61_000);
  expect(window.rows).toBe(15);
  window.observe([1], 200_000);
  expect(window.rows).toBe(1);
});

test('a step says when it is full', () => {
  const window = new DriftWindow([uniform()], { windowRows: 20, stepRows: 5, windowSeconds: week });
  const full = Array.from({ length: 12 }, () => window.observe([1], 0));
  expect(full.flatMap((isFull, row) => (isFull ? [row + 1] : []))).toEqual([5, 10]);
});

test('a category that the baseline never saw is out of range, and one of those it does not name is not', () => {
  const named = describeCategories({ name: 'c' }, new Map([['a', 90], ['b', 10]]), 0) as FeatureBaseline; // prettier-ignore
  const many = describeCategories({ name: 'm' }, new Map([...Array(120).keys()].map((each) => [`${each}`, 1])), 0);
  const window = new DriftWindow([named, many as FeatureBaseline], {
    windowRows: 50,
    stepRows: 50,
    windowSeconds: week,
  });
  for (let row = 0; row < 50; row += 1) window.observe([row < 25 ? 'a' : 'new', 'new'], 0);
  expect(window.figures().map(({ outOfRangeRate }) => outOfRangeRate)).toEqual([0.5, 0]);
  expect(window.figures()[0]?.ks).toBeUndefined();
});

test('an alarm needs confirmations to begin and to end, and a clear way below the limit', () => {
  const settings = completeDriftSettings({ windowRows: 100, confirmations: 2, minimumRows: 50 });
  const alarm = new DriftAlarm(settings);
  const judged = [0.3, 0.2, 0.3, 0.3, 0.22, 0.19, 0.22, 0.19, 0.19].map((psi) => alarm.judge([figure({ psi })]));
  expect(judged.map(({ began, ended }) => began.length - ended.length)).toEqual([0, 0, 0, 1, 0, 0, 0, 0, -1]);
  expect(alarm.findings).toEqual([]);
});

test('what may be chance is no alarm, nor what too few rows say', () => {
  const alarm = new DriftAlarm(completeDriftSettings({ windowRows: 100, confirmations: 1, significance: 0.001 }));
  const others = Array.from({ length: 9 }, () => figure({ psi: 0 }));
  expect(alarm.judge([figure({ psi: 1, pValue: 0.0002 }), ...others]).began).toEqual([]);
  expect(alarm.judge([figure({ psi: 1, rows: 20 })]).began).toEqual([]);
  expect(alarm.judge([figure({ psi: 1 })]).began).toEqual([{ feature: 'x', measure: 'psi', value: 1, limit: 0.25 }]);
  expect(alarm.judge([figure({ psi: 1, missingRate: 0.2, baselineMissingRate: 0.1 })]).began[0]?.measure).toBe(
    'missingRate',
  );
  expect(alarm.findings.map(({ measure }) => measure)).toEqual(['psi', 'missingRate']);
});

test('without drift there is no alarm in a hundred windows of fifty features', () => {
  const random = generator(1);
  const features = Array.from({ length: 50 }, (_, place) => uniform(`x${place}`, random, 1000));
  expect(alarms(features, { rows: 5000, row: () => random() * 10 })).toEqual([]);
});

test('a shift by half a deviation is found within the window after it, and not before', () => {
  const random = generator(2);
  const features = Array.from({ length: 20 }, (_, place) => uniform(`x${place}`, random, 1000));
  const row = (index: number, place: number): FeatureValue =>
    random() * 10 + (index >= 3000 && place === 7 ? 10 / Math.sqrt(12) / 2 : 0);
  const found = alarms(features, { rows: 5000, row });
  expect(new Set(found.map(({ feature }) => feature))).toEqual(new Set(['x7']));
  expect(Math.min(...found.map(({ at }) => at))).toBeGreaterThan(3000);
  expect(Math.min(...found.map(({ at }) => at))).toBeLessThanOrEqual(3500);
});

function alarms(
  features: readonly FeatureBaseline[],
  { rows, row }: { readonly rows: number; readonly row: (index: number, place: number) => FeatureValue },
): { feature: string; at: number }[] {
  const settings = completeDriftSettings();
  const window = new DriftWindow(features, settings);
  const alarm = new DriftAlarm(settings);
  const found: { feature: string; at: number }[] = [];
  for (let index = 0; index < rows; index += 1) {
    const isFull = window.observe(features.map((_, place) => row(index, place)), 0); // prettier-ignore
    if (isFull) found.push(...alarm.judge(window.figures()).began.map(({ feature }) => ({ feature, at: index + 1 })));
  }
  return found;
}

function figure(over: object) {
  return { name: 'x', kind: 'numeric' as const, rows: 100, psi: 0, pValue: 0, missingRate: 0, baselineMissingRate: 0, outOfRangeRate: 0, ...over }; // prettier-ignore
}

function uniform(name = 'x', random?: () => number, count = 100): FeatureBaseline {
  const values = Float64Array.from({ length: count }, (_, place) =>
    random === undefined ? place % 10 : random() * 10,
  );
  return describeNumbers({ name }, values) as FeatureBaseline;
}

/** Mulberry32: the same numbers in each run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
