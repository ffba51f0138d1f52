import { describe, expect, it } from 'vitest';
import { defaultModelGate, ModelWatch } from './model-watch.ts';

function watchOf(outcomes: readonly (number | 'failed')[]): ModelWatch {
  const watch = new ModelWatch();
  for (const outcome of outcomes) {
    if (outcome === 'failed') watch.failed();
    else watch.scored(outcome);
  }
  return watch;
}

const times = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);

describe('ModelWatch', () => {
  it('judges nothing before there are enough messages', () => {
    expect(watchOf(['failed', 'failed']).judge(defaultModelGate, { errorRate: 0 })).toBeUndefined();
  });

  it('finds too many errors, over those of the model before', () => {
    const watch = watchOf([...times(18, 1), 'failed', 'failed']);
    expect(watch.judge(defaultModelGate, { errorRate: 0 })).toBe(
      'it failed on 10.0 % of its last 20 messages, and 5.0 % are allowed',
    );
    expect(watch.judge(defaultModelGate, { errorRate: 0.2 })).toBeUndefined();
  });

  it('finds a model that takes too long, and lets noise pass', () => {
    const slow = watchOf(times(20, 9));
    expect(slow.judge(defaultModelGate, { errorRate: 0, medianMs: 2 })).toContain('9.000 ms, and 6.000 ms are allowed');
    expect(slow.judge(defaultModelGate, { errorRate: 0 })).toBeUndefined();
    expect(watchOf(times(20, 0.9)).judge(defaultModelGate, { errorRate: 0, medianMs: 0.01 })).toBeUndefined();
  });

  it('forgets all but the last thousand', () => {
    const watch = watchOf([...Array.from({ length: 100 }, () => 'failed' as const), ...times(1000, 3)]);
    expect(watch.baseline(20)).toEqual({ errorRate: 0, medianMs: 3 });
  });
});
