import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryLedger } from './delivery-ledger.ts';

describe('DeliveryLedger', () => {
  it('acknowledges in the order of the deliveries, whatever order the work ends in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 20 }).chain((ids) =>
          fc.record({
            ids: fc.constant(ids),
            order: fc.shuffledSubarray(
              ids.map((_, index) => index),
              { minLength: ids.length },
            ),
          }),
        ),
        ({ ids, order }) => {
          const written: number[] = [];
          const ledger = new DeliveryLedger((packetId) => written.push(packetId));
          const settle = ids.map((id) => ledger.take(id));
          order.forEach((index) => settle[index]?.());
          expect(written).toEqual(ids);
          expect(ledger.size).toBe(0);
        },
      ),
    );
  });

  it('holds back what is behind an open delivery', () => {
    const written: number[] = [];
    const ledger = new DeliveryLedger((packetId) => written.push(packetId));
    const first = ledger.take(1);
    const second = ledger.take(2);
    expect(second()).toBe(true);
    expect(written).toEqual([]);
    first();
    expect(written).toEqual([1, 2]);
  });

  it('acknowledges a delivery once', () => {
    const written: number[] = [];
    const ledger = new DeliveryLedger((packetId) => written.push(packetId));
    const settle = ledger.take(7);
    settle();
    settle();
    expect(written).toEqual([7]);
  });

  it('says that it did not acknowledge once the connection is gone', () => {
    const written: number[] = [];
    const ledger = new DeliveryLedger((packetId) => written.push(packetId));
    const settle = ledger.take(1);
    ledger.close();
    expect(settle()).toBe(false);
    expect(written).toEqual([]);
  });
});
