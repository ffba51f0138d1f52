import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectedRowOf, tableRowOf } from './collected-row.ts';
import type { CollectedCell, CollectedRow } from './collected-row.ts';

const summary = { datatype: 'FP32', shape: [28, 28], sha256: 'a'.repeat(64), min: 0, max: 1, mean: 0.5, std: 0.1 };
const cell: fc.Arbitrary<CollectedCell> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string().filter((text) => !text.startsWith('{"datatype":')),
  fc.constant(summary),
);
const filled = fc.string({ minLength: 1 });
const row: fc.Arbitrary<CollectedRow> = fc.record(
  {
    requestId: filled,
    correlationId: filled,
    time: filled,
    model: filled,
    version: filled,
    host: filled,
    row: fc.nat(),
    sampledBy: fc.constantFrom('all', 'rate', 'reservoir', 'confidence'),
    // "__proto__" is a key like others in JSON, and not in an object literal
    values: fc.dictionary(
      fc.oneof(
        filled,
        filled.map((name) => `$${name}`),
        fc.constant('$RequestId'),
      ),
      cell,
      { noNullPrototype: true },
    ),
  },
  { requiredKeys: ['requestId', 'time', 'model', 'version', 'host', 'row', 'sampledBy', 'values'] },
);

describe('a collected row', () => {
  it('comes back from its columns as it was', () => {
    fc.assert(
      fc.property(row, (written) => {
        expect(collectedRowOf(tableRowOf(written))).toEqual(written);
      }),
    );
  });

  it('is not made of other tables', () => {
    expect(collectedRowOf({ AGE: 59 })).toBeUndefined();
    expect(collectedRowOf({ $RequestId: 'a', $Row: '0' })).toBeUndefined();
  });
});
