import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RequestRate } from './request-rate.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('RequestRate', () => {
  it('refuses what one address sends beyond its number in a second, and nothing of others', () => {
    const rate = new RequestRate(2);
    rate.count('a');
    rate.count('a');
    expect(() => rate.count('a')).toThrow('more than 2 requests in a second came from this address');
    rate.count('b');
    vi.advanceTimersByTime(1000);
    rate.count('a');
    rate.count('a');
    expect(() => rate.count('a')).toThrow('more than 2 requests');
  });

  it('forgets whom it heard of longest ago when there are too many', () => {
    const rate = new RequestRate(1);
    for (let n = 0; n < 10_001; n += 1) rate.count(`address ${n}`);
    // the first one is forgotten and begins anew; the last one is not
    rate.count('address 0');
    expect(() => rate.count('address 10000')).toThrow('more than 1 requests');
  });
});
