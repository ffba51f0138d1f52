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
