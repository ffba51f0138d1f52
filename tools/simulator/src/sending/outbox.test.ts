import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';

async function* slow(count: number) {
  for (let body = 0; body < count; body += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    yield { body };
  }
}

describe('an outbox', () => {
  it('gives messages in order, and is done when all are confirmed', async () => {
    const outbox = new Outbox([{ body: 'a' }, { body: 'b' }]);
    const taken = [];
    for (;;) {
      await outbox.fill();
      const entry = outbox.shift();
      if (entry === undefined) break;
      taken.push(entry);
    }
    expect(taken.map(({ index, message }) => [index, message.body])).toEqual([
      [0, 'a'],
      [1, 'b'],
    ]);
    expect(outbox.isDone).toBe(false);
    expect(taken.map((entry) => outbox.confirm(entry))).toEqual([true, true]);
    expect(outbox.isDone).toBe(true);
    expect(taken.map((entry) => outbox.confirm(entry))).toEqual([false, false]);
  });

  it('puts what is unconfirmed back in front, in its order', async () => {
    const outbox = new Outbox([{ body: 0 }, { body: 1 }, { body: 2 }, { body: 3 }]);
    const taken = [];
    for (let n = 0; n < 3; n += 1) {
      await outbox.fill();
      const entry = outbox.shift();
      if (entry !== undefined) taken.push(entry);
    }
    if (taken[1] !== undefined) outbox.confirm(taken[1]);
    expect(outbox.restore()).toBe(2);
    const again = [];
    for (let n = 0; n < 3; n += 1) {
      await outbox.fill();
      again.push(outbox.shift()?.index);
    }
    expect(again).toEqual([0, 2, 3]);
  });

  it('loses nothing when a wait for the source is given up', async () => {
    const outbox = new Outbox(slow(3));
    const abandoned = outbox.fill();
    outbox.restore();
    const taken = [];
    for (;;) {
      await outbox.fill();
      const entry = outbox.shift();
      if (entry === undefined) break;
      taken.push(entry.index);
    }
    await abandoned;
    expect(taken).toEqual([0, 1, 2]);
  });

  it('tells the source when no more is wanted', async () => {
    let returned = false;
    async function* source() {
      try {
        yield { body: 1 };
        yield { body: 2 };
      } finally {
        returned = true;
      }
    }
    const outbox = new Outbox(source());
    await outbox.fill();
    outbox.shift();
    await outbox.close();
    expect(returned).toBe(true);
  });
});
