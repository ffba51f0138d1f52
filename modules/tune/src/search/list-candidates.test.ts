import { describe, expect, it } from 'vitest';
import { EngineSettingsSchema, documentIssues } from '@edgewright/contract';
import { listCandidates } from './list-candidates.ts';
import type { SearchSpace } from './list-candidates.ts';
import { orderCandidates } from './order-candidates.ts';
import { seededRandom } from './random.ts';

const board: SearchSpace = {
  variants: [{ name: 'reference', backends: ['onnx', 'wasm'] }],
  providers: [],
  processors: 2,
  concurrency: 8,
  hasEntryScript: false,
  runsInline: true,
  canBatch: true,
  batchesByDefault: false,
};

const namesOf = (space: Partial<SearchSpace>): string[] =>
  listCandidates({ ...board, ...space }).map(({ name }) => name);

describe('listCandidates', () => {
  it('has every place and every way to join, each once, all of them settings that hosts take', () => {
    const all = listCandidates(board);
    const names = all.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('onnx, auto × 2 threads');
    expect(names).toContain('onnx, 2 workers × 1 thread, batches of 16 within 1 ms');
    expect(names).toContain('wasm, 1 worker');
    expect(names.some((name) => name.includes('2 workers × 2 threads'))).toBe(false);
    for (const { settings } of all) expect(documentIssues(EngineSettingsSchema, settings)).toEqual([]);
  });

  it('tries nothing that cannot make a difference', () => {
    // one request at a time: nothing to join, nothing for a second worker
    const alone = namesOf({ concurrency: 1 });
    expect(alone.filter((name) => /batches|2 workers/.test(name))).toEqual([]);
    expect(namesOf({ canBatch: false }).filter((name) => name.includes('batches'))).toEqual([]);
    expect(namesOf({ concurrency: 8 }).filter((name) => name.includes('batches of 64'))).toEqual([]);
    expect(namesOf({ maxP99Ms: 1.5 }).filter((name) => name.includes('within'))).toEqual([]);
    expect(namesOf({ runsInline: false }).filter((name) => name.includes('auto'))).toEqual([]);
  });

  it('runs entry scripts in processes only, and says so when requests are not to be joined any more', () => {
    const scripts = listCandidates({ ...board, hasEntryScript: true, runsInline: false, canBatch: false });
    expect(new Set(scripts.map(({ settings }) => settings.execution))).toEqual(new Set(['process']));
    const unjoined = listCandidates({ ...board, batchesByDefault: true });
    expect(unjoined.every(({ settings }) => settings.batching !== undefined)).toBe(true);
  });

  it('tries variants and providers with what they run on', () => {
    const names = namesOf({
      variants: [
        { name: 'reference', backends: ['onnx'] },
        { name: 'int8', backends: ['onnx'] },
      ],
      providers: ['cuda'],
      canBatch: false,
      runsInline: false,
    });
    expect(names).toContain('int8, onnx/cuda, 2 workers');
    expect(names.filter((name) => /cuda.*thread/.test(name))).toEqual([]);
  });
});

it('orders candidates so that the first few have every value of every setting', () => {
  const all = listCandidates({ ...board, processors: 8 });
  const first = orderCandidates(all, seededRandom(7)).slice(0, 12);
  const valuesOf = (of: typeof all) => new Set(of.map(({ settings }) => JSON.stringify(settings.batching)));
  expect(valuesOf(first)).toEqual(valuesOf(all));
  expect(orderCandidates(all, seededRandom(7))).toEqual(orderCandidates(all, seededRandom(7)));
});
