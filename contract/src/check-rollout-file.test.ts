import { describe, expect, it } from 'vitest';
import { checkRolloutFile } from './check-rollout-file.ts';

const file = {
  name: 'diabetes-2',
  content: 'layer.json',
  priority: 10,
  module: 'scorer',
  rings: [{ name: 'all', waitSeconds: 0 }],
  gates: [{ name: 'errors', ratio: ['failed', 'scored'], maximum: 0.1 }],
};
const gate = (value: unknown) => ({ ...file, gates: [value] });

describe('checkRolloutFile', () => {
  it('takes a file that is right', () => {
    expect(checkRolloutFile(file, 'x.yaml')).toBe(file);
    expect(checkRolloutFile({ ...file, $schema: './rollout.json' }, 'x.yaml')).toMatchObject({ name: 'diabetes-2' });
  });

  it.each([
    [{ ...file, name: 'Diabetes' }, '$.name: expected 1 to 48 of a-z, 0-9 and -, a letter first, found "Diabetes"'],
    [{ ...file, rings: [] }, '$.rings: '],
    [
      { ...file, rings: [{ name: 'a', waitSeconds: 1, percentage: 5 }] },
      '$.rings[0].percentage: expected one of the keys',
    ],
    [
      { ...file, freeze: [{ from: 'yesterday', to: '2026-01-02T00:00Z' }] },
      '$.freeze[0].from: expected a time in ISO 8601 with its zone, such as 2026-12-24T00:00Z, found "yesterday"',
    ],
    [gate({ name: 'g', ratio: ['a'], maximum: 1 }), '$.gates[0].ratio: '],
    [gate({ name: 'g', value: 'x', aggregate: 'median', maximum: 1 }), '$.gates[0].aggregate: '],
    [gate({ name: 'g', maximum: 1 }), '$.gates[0]: expected one of share, value, ratio, metric, found none of them'],
    [gate({ name: 'g', share: 'a', metric: 'b', maximum: 1 }), 'found share and metric'],
    [gate({ name: 'g', metric: 'b' }), '$.gates[0]: expected minimum, maximum or both'],
    [gate(7), '$.gates[0]: expected one of'],
    [{ ...file, gates: 'none' }, '$.gates: '],
  ])('says where %j is wrong', (value, message) => {
    expect(() => checkRolloutFile(value, 'x.yaml')).toThrow(message);
    expect(() => checkRolloutFile(value, 'x.yaml')).toThrow(expect.objectContaining({ code: 'InvalidDocument' }));
  });
});
