import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mapBounded } from './map-bounded.ts';

describe('mapBounded', () => {
  it('keeps the order, and runs no more at once than it may', async () => {
    let running = 0;
    let most = 0;
    const results = await mapBounded([30, 1, 20, 1, 10], 2, async (milliseconds) => {
      running += 1;
      most = Math.max(most, running);
      await sleep(milliseconds);
      running -= 1;
      return milliseconds * 2;
    });
    expect(results).toEqual([60, 2, 40, 2, 20]);
    expect(most).toBe(2);
  });

  it('starts nothing more after a failure, and waits for what runs', async () => {
    const ended: number[] = [];
    const all = mapBounded([1, 2, 3, 4, 5], 2, async (item) => {
      if (item === 2) throw new RangeError('two');
      await sleep(20);
      ended.push(item);
    });
    await expect(all).rejects.toThrow('two');
    expect(ended).toEqual([1]);
  });
});
