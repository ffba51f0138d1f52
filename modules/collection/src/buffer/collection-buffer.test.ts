import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { offerToReservoir, releaseReservoir } from '../keeping/reservoir.ts';
import { CollectionBuffer } from './collection-buffer.ts';
import { openBuffers } from './own-buffer.ts';

const day = Date.UTC(2026, 10, 30);

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-buffer-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function open(file: string): CollectionBuffer {
  const buffer = CollectionBuffer.open(file, () => {});
  if (buffer === undefined) throw new TypeError('another process has it');
  onTestFinished(() => buffer[Symbol.dispose]());
  return buffer;
}

function request(id: string, at = day, model = 'm') {
  const row = { requestId: id, time: '', model, version: '1', host: 'web', row: 0, sampledBy: 'all', values: { x: 1 } };
  return {
    at,
    model,
    version: '1',
    sampledBy: 'all' as const,
    text: JSON.stringify({ inputs: [row], predictions: [row] }),
  };
}

const group = (buffer: CollectionBuffer, maxRequests = 100) => buffer.nextGroup({ maxRequests, maxBytes: 1e6 });
const idsOf = (buffer: CollectionBuffer) => group(buffer)?.rows.inputs.map(({ requestId }) => requestId);

describe('a buffer', () => {
  it('gives requests of one model and day, oldest first, within the limits', async () => {
    const buffer = open(path.join(await temporaryFolder(), 'buffer.sqlite'));
    buffer.add(request('a'));
    buffer.add(request('b', day + 86_400_000));
    buffer.add(request('c'));
    buffer.add(request('d', day, 'other'));
    expect(idsOf(buffer)).toEqual(['a', 'c']);
    expect(group(buffer, 1)?.ids).toHaveLength(1);
    expect(buffer.nextGroup({ maxRequests: 100, maxBytes: 1 })?.ids).toHaveLength(1);
  });

  it('drops the oldest above its size, and what is too old', async () => {
    const buffer = open(path.join(await temporaryFolder(), 'buffer.sqlite'));
    for (const id of ['a', 'b', 'c', 'd']) buffer.add(request(id, day + id.charCodeAt(0)));
    expect(buffer.shrink((buffer.bytes / 4) * 2)).toBe(2);
    expect(idsOf(buffer)).toEqual(['c', 'd']);
    expect(buffer.expire(day + 'd'.charCodeAt(0))).toBe(1);
    expect(idsOf(buffer)).toEqual(['d']);
    expect(buffer.shrink(0)).toBe(1);
    expect(buffer.bytes).toBe(0);
  });

  it('makes no batch of requests that were dropped meanwhile', async () => {
    const buffer = open(path.join(await temporaryFolder(), 'buffer.sqlite'));
    buffer.add(request('a'));
    const found = group(buffer);
    buffer.shrink(0);
    expect(found && buffer.beginBatch(found, [])).toBe(false);
  });

  it('keeps what it has for the next process, a batch under way among it, and lets nobody in meanwhile', async () => {
    const file = path.join(await temporaryFolder(), 'buffer.sqlite');
    const first = open(file);
    first.add(request('a'));
    const found = group(first);
    const part = { path: 'p', format: 'csv', head: Buffer.from('h'), body: Buffer.from('b'), position: 7 } as const;
    expect(found && first.beginBatch(found, [part, { ...part, path: 'q' }])).toBe(true);
    first.add(request('b'));
    expect(CollectionBuffer.open(file, () => {})).toBeUndefined();
    const bytes = first.bytes;
    first[Symbol.dispose]();
    const second = open(file);
    expect(second.bytes).toBe(bytes);
    expect(second.underWay).toBe(1);
    const [p, q] = second.parts;
    expect(p).toMatchObject({ path: 'p', position: 7 });
    expect(p && second.finishPart(p)).toBe(0);
    expect(q && second.finishPart(q)).toBe(1);
    expect(second.underWay).toBe(0);
    expect(idsOf(second)).toEqual(['b']);
  });

  it('that is damaged is put aside', async () => {
    const file = path.join(await temporaryFolder(), 'buffer.sqlite');
    await writeFile(file, 'this is no database, and long enough to be looked at as one'.repeat(100));
    let aside = '';
    const buffer = CollectionBuffer.open(file, (name) => (aside = name));
    expect(buffer?.count).toBe(0);
    expect(aside).toContain('.damaged-');
    buffer?.[Symbol.dispose]();
  });

  it('of a folder is one for each process, and what others left is taken over', async () => {
    const folder = await temporaryFolder();
    const first = openBuffers(folder, () => {});
    const second = openBuffers(folder, () => {});
    expect([first.own.slot, second.own.slot]).toEqual([1, 2]);
    second.own.buffer.add(request('left'));
    second.own.buffer[Symbol.dispose]();
    first.own.buffer[Symbol.dispose]();
    const third = openBuffers(folder, () => {});
    expect(third.own.slot).toBe(1);
    expect(third.left.map(({ slot }) => slot)).toEqual([2]);
    for (const { buffer } of [third.own, ...third.left]) buffer[Symbol.dispose]();
  });
});

describe('a reservoir', () => {
  const settings = { size: 5, windowSeconds: 60 };

  it('keeps so many of a window, each with the same chance, and lets them leave when it is over', async () => {
    const buffer = open(path.join(await temporaryFolder(), 'buffer.sqlite'));
    const chosen = new Map<string, number>();
    // a generator of its own, so that the test says the same each time
    let state = 1;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const windows = 200;
    for (let window = 0; window < windows; window += 1) {
      buffer.transaction(() => {
        for (let index = 0; index < 25; index += 1) {
          const at = day + window * 60_000 + index;
          const outcome = offerToReservoir(buffer, request(String(index), at), { ...settings, random });
          expect(outcome).toEqual({ released: 0, out: index < 5 ? 0 : 1 });
        }
        expect(group(buffer)).toBeUndefined();
        expect(releaseReservoir(buffer, true, day + window * 60_000 + 59_999)).toBe(0);
        expect(releaseReservoir(buffer, true, day + (window + 1) * 60_000)).toBe(5);
      });
      for (const id of idsOf(buffer) ?? []) chosen.set(id, (chosen.get(id) ?? 0) + 1);
      buffer.shrink(0);
    }
    // 40 of 200 windows are expected for each; six standard deviations are 34
    expect([...chosen.values()].every((count) => Math.abs(count - windows / 5) < 34)).toBe(true);
    expect(chosen.size).toBe(25);
  });

  it('is let go with the first of the next window, or when there is to be none', async () => {
    const buffer = open(path.join(await temporaryFolder(), 'buffer.sqlite'));
    const random = () => 0;
    offerToReservoir(buffer, request('a'), { ...settings, random });
    expect(offerToReservoir(buffer, request('b', day + 60_000), { ...settings, random }).released).toBe(1);
    expect(idsOf(buffer)).toEqual(['a']);
    expect(releaseReservoir(buffer, false, day)).toBe(1);
    expect(idsOf(buffer)).toEqual(['a', 'b']);
  });
});
