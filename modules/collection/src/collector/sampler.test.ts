import { describe, expect, it } from 'vitest';
import { Sampler, shareOf } from './sampler.ts';

const ids = Array.from({ length: 20_000 }, (_, index) => `request-${index}`);

describe('sampling', () => {
  it('keeps all without settings', () => {
    expect(new Sampler({}).decide('a', () => undefined)).toBe('all');
  });

  it('keeps its share by the id, the same each time, and more of the same with a higher rate', () => {
    const some = new Sampler({ rate: 0.1 });
    const more = new Sampler({ rate: 0.3 });
    const kept = ids.filter((id) => some.decide(id, () => undefined) === 'rate');
    expect(kept.length / ids.length).toBeGreaterThan(0.09);
    expect(kept.length / ids.length).toBeLessThan(0.11);
    expect(kept.every((id) => some.mayKeep(id) && more.decide(id, () => undefined) === 'rate')).toBe(true);
    expect(new Sampler({ rate: 0 }).decide('a', () => undefined)).toBeUndefined();
  });

  it('keeps what the model was not sure of, whatever the rate', () => {
    const sampler = new Sampler({ rate: 0, confidence: { below: 0.6, pointer: '/predictions/0' } });
    expect(sampler.mayKeep('a')).toBe(true);
    expect(sampler.decide('a', () => ({ predictions: [[0.5, 0.4]] }))).toBe('confidence');
    expect(sampler.decide('a', () => ({ predictions: [[0.9, 0.1]] }))).toBeUndefined();
    expect(sampler.decide('a', () => 'no predictions')).toBeUndefined();
  });

  it('leaves to the reservoir what the rate lets through', () => {
    const sampler = new Sampler({ rate: 0.5, reservoir: { size: 1, windowSeconds: 1 } });
    const reasons = new Set(ids.slice(0, 100).map((id) => sampler.decide(id, () => undefined)));
    expect(reasons).toEqual(new Set(['reservoir', undefined]));
  });

  it('spreads ids that are alike', () => {
    const shares = ids.map(shareOf);
    const low = shares.filter((share) => share < 0.5).length;
    expect(low / shares.length).toBeGreaterThan(0.48);
    expect(low / shares.length).toBeLessThan(0.52);
  });
});
