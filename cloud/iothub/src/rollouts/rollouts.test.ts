import type { RolloutFile } from '@edgewright/contract';
import { describe, expect, it } from 'vitest';
import { assignRings } from './assign-rings.ts';
import { whyNotNow } from './begin-times.ts';
import { checkGates } from './check-gates.ts';
import { patchBetween } from './ring-deployment.ts';

const file = (change: Partial<RolloutFile> = {}): RolloutFile => ({
  name: 'r',
  content: 'layer.json',
  priority: 2,
  module: 'scorer',
  rings: [{ name: 'all', waitSeconds: 0 }],
  ...change,
});

describe('assignRings', () => {
  const devices = Array.from({ length: 2000 }, (_, index) => ({ deviceId: `d${index}`, tags: { test: index < 10 } }));
  const rings = [
    { name: 'test', condition: 'tags.test = true', waitSeconds: 0 },
    { name: 'few', count: 7, waitSeconds: 0 },
    { name: 'some', percent: 20, waitSeconds: 0 },
    { name: 'rest', waitSeconds: 0 },
  ];

  it('takes conditions, counts and percentages', () => {
    const assigned = [...assignRings(file({ rings }), devices).values()];
    const sizes = rings.map((_, index) => assigned.filter((ring) => ring === index).length);
    expect(sizes.slice(0, 2)).toEqual([10, 7]);
    expect((sizes[2] ?? 0) / 2000).toBeCloseTo(0.2, 1);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(2000);
  });

  it('gives a device the same ring whatever else is in the fleet, by percentage', () => {
    const some = file({ rings: [{ name: 'some', percent: 20, waitSeconds: 0 }] });
    const all = assignRings(some, devices);
    const half = assignRings(some, devices.slice(1000).toReversed());
    expect([...half.keys()].toSorted()).toEqual([...all.keys()].filter((id) => Number(id.slice(1)) >= 1000).toSorted());
  });

  it('leaves out what the fleet does not have', () => {
    expect(assignRings(file({ fleet: 'tags.test = true' }), devices).size).toBe(10);
  });
});

describe('whyNotNow', () => {
  const at = (text: string) => Date.parse(`2026-03-${text}:00Z`);
  const windows: RolloutFile['windows'] = [{ days: ['mon', 'fri'], from: '22:00', to: '04:00' }];

  it.each([
    // 2026-03-02 is a Monday
    ['02T22:00', true],
    ['02T21:59', false],
    ['03T03:59', true],
    ['03T04:00', false],
    ['03T22:30', false],
    ['07T01:00', true],
  ])('%s is inside of the window: %s', (time, inside) => {
    expect(whyNotNow(file({ windows }), at(time)) === undefined).toBe(inside);
  });

  it('lets nothing begin in a freeze', () => {
    const freeze = [{ from: '2026-03-02T00:00:00Z', to: '2026-03-05T00:00:00Z' }];
    expect(whyNotNow(file({ freeze }), at('03T12:00'))).toBe(
      'nothing begins from 2026-03-02T00:00:00Z to 2026-03-05T00:00:00Z',
    );
    expect(whyNotNow(file({ freeze }), at('05T00:00'))).toBeUndefined();
  });
});

describe('checkGates', () => {
  const twin = (scored: number, failed: number, p99: number) => ({
    properties: {
      reported: { state: 'running', counters: { scored, failed }, latencyMs: { p99 }, drift: { psi: p99 / 100 } },
    },
  });
  const reports = {
    twins: new Map([
      ['a', twin(200, 20, 10)],
      ['b', twin(50, 1, 90)],
    ]),
    // b was started anew since, so its counters begin at 0
    before: new Map([
      ['a', { 'counters.scored': 100, 'counters.failed': 20 }],
      ['b', { 'counters.scored': 1000, 'counters.failed': 500 }],
    ]),
    metrics: { reportedFailedCount: 3 },
  };

  it.each([
    [{ name: 'g', ratio: ['counters.failed', 'counters.scored'], maximum: 0.01 }, 1 / 150, true],
    [{ name: 'g', share: "properties.reported.state = 'running'", minimum: 1 }, 1, true],
    [{ name: 'g', value: 'latencyMs.p99', aggregate: 'mean', maximum: 49 }, 50, false],
    [{ name: 'g', value: 'latencyMs.p99', aggregate: 'p95', maximum: 49 }, 90, false],
    [{ name: 'g', value: 'drift', aggregate: 'maximum', maximum: 1 }, null, true],
    [{ name: 'g', value: 'drift.psi', aggregate: 'maximum', maximum: 0.25 }, 0.9, false],
    [{ name: 'g', value: 'drift.psi', aggregate: 'mean', maximum: 0.5 }, 0.5, true],
    [{ name: 'g', metric: 'reportedFailedCount', maximum: 0 }, 3, false],
  ] as const)('%j is %d', (gate, value, passed) => {
    const [result] = checkGates([gate as never], reports);
    expect(result).toEqual({ gate: 'g', value, passed });
  });
});

describe('patchBetween', () => {
  it('turns one object into another as twins are patched', () => {
    const now = { a: 1, b: { c: 1, d: { e: 1 } }, f: [1], $version: 3 };
    expect(patchBetween(now, { a: 1, b: { c: 2 }, f: [2], g: 1 })).toEqual({ b: { c: 2, d: null }, f: [2], g: 1 });
    expect(patchBetween(now, now)).toEqual({});
  });
});
