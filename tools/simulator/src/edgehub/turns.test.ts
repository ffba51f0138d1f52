import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

it('begins at once, goes on in order, and is not stopped by an action that fails', async () => {
  const turns = new Turns();
  const begun: string[] = [];
  const gates = new Map(['a', 'b', 'c'].map((name) => [name, Promise.withResolvers<string>()]));
  const take = (name: string) =>
    turns.take(async () => {
      begun.push(name);
      return await gates.get(name)?.promise;
    });
  const [a, b, c] = [take('a'), take('b'), take('c')];
  expect(begun).toEqual(['a']);
  gates.get('a')?.resolve('1');
  expect(await a).toBe('1');
  await expect.poll(() => begun).toEqual(['a', 'b']);
  gates.get('b')?.reject(new TypeError('broken'));
  await expect(b).rejects.toThrow('broken');
  gates.get('c')?.resolve('3');
  expect(await c).toBe('3');
  await new Promise((resolve) => setImmediate(resolve));
  const later = turns.take(async () => begun.push('d'));
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  expect(await later).toBe(4);
});
