import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createMetrics } from './create-metrics.ts';
import { Later } from './later.ts';

it('works two turns later, in the order asked for', async () => {
  const later = new Later();
  const done: number[] = [];
  later.add(() => done.push(1));
  await nextTurn();
  later.add(() => done.push(2));
  expect(done).toEqual([]);
  await nextTurn();
  await nextTurn();
  expect(done).toEqual([1, 2]);
});

it('holds no more than a bound', () => {
  const later = new Later();
  let done = 0;
  for (let n = 0; n < 5_000; n += 1) later.add(() => (done += 1));
  expect(5_000 - done).toBeLessThan(1_024);
  later.flush();
  expect(done).toBe(5_000);
});

it('is done before metrics are read, and what cannot be recorded is refused at once', async () => {
  const metrics = createMetrics({ prefix: 'test', process: false });
  const counter = metrics.counter<'kind'>({ name: 'things_total', help: 'things', labels: ['kind'] });
  counter.add({ kind: 'a' }, 2);
  expect(() => counter.add({ kind: 'a' }, NaN)).toThrow('finite');
  counter.add({ kind: 'a' });
  expect(await metrics.text()).toContain('test_things_total{kind="a"} 3');
});
