import { expect, it } from 'vitest';
import { fillInOlderNode } from './older-node.ts';

it('gives Promise.withResolvers to a Node.js without it', async () => {
  const own = Object.getOwnPropertyDescriptor(Promise, 'withResolvers');
  Reflect.deleteProperty(Promise, 'withResolvers');
  fillInOlderNode();
  const filled = Promise.withResolvers<number>();
  Object.defineProperty(Promise, 'withResolvers', own ?? {});
  filled.resolve(1);
  expect(await filled.promise).toBe(1);
});

it('gives AsyncDisposableStack to a Node.js without it', async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'AsyncDisposableStack');
  Reflect.deleteProperty(globalThis, 'AsyncDisposableStack');
  fillInOlderNode();
  const order: string[] = [];
  const first = new AsyncDisposableStack();
  Object.defineProperty(globalThis, 'AsyncDisposableStack', own ?? {});
  first.defer(() => void order.push('deferred'));
  first.use({ [Symbol.asyncDispose]: async () => Promise.reject(new RangeError('cannot close')) });
  first.adopt('adopted', (value) => void order.push(value));
  first.use({ [Symbol.dispose]: () => void order.push('used') });
  first.use(undefined);
  const moved = first.move();
  await first.disposeAsync();
  expect([first.disposed, moved.disposed, order]).toEqual([true, false, []]);
  await expect(moved.disposeAsync()).rejects.toThrow('cannot close');
  await moved[Symbol.asyncDispose]();
  expect(order).toEqual(['used', 'adopted', 'deferred']);
  expect(() => moved.defer(() => {})).toThrow(ReferenceError);
});
