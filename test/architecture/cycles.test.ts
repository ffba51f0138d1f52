import { expect, it } from 'vitest';
import { cyclesOf } from './cycles.ts';

const graph = (edges: Record<string, string[]>): Map<string, string[]> => new Map(Object.entries(edges));

it('finds nothing in a graph without cycles', () => {
  expect(cyclesOf(graph({ a: ['b', 'c'], b: ['c'], c: [] }))).toEqual([]);
});

it('gives the way round, and a file that imports itself', () => {
  const cycles = cyclesOf(graph({ a: ['b'], b: ['c'], c: ['a', 'd'], d: ['d'] }));
  expect(cycles.map((cycle) => cycle.toSorted())).toEqual([['d', 'd'], expect.arrayContaining(['a', 'b', 'c'])]);
  for (const cycle of cycles) expect(cycle.at(0)).toBe(cycle.at(-1));
});
