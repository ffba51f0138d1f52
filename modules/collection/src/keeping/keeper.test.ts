import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { CollectedRequest } from '../rows/collected-request.ts';
import { FolderSink } from '../sinks/folder-sink.ts';
import { Keeper } from './keeper.ts';
import type { KeeperFigures } from './keeper-plan.ts';

const at = Date.UTC(2026, 10, 30, 12);

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-keeper-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function request(requestId: string, value: unknown = 1): CollectedRequest {
  const facts = { requestId, at, host: 'web', model: 'm', version: '1', sampledBy: 'all' } as const;
  return { ...facts, inputs: { kind: 'json', value }, predictions: { kind: 'json', value: 2 } };
}

it('counts what it keeps, what is too large, and takes what waits along when it ends', async () => {
  const folder = await temporaryFolder();
  let figures: KeeperFigures | undefined;
  const keeper = new Keeper({
    plan: {
      settings: { format: 'jsonl', uploadIntervalSeconds: 3600 },
      destination: { kind: 'folder', folder, limits: { maxBytes: 1e9, maxDays: undefined } },
      owner: { subscription: 's', resourceGroup: 'g', workspace: 'w', service: 'svc' },
      bufferFolder: path.join(folder, '.collection'),
    },
    log: () => {},
    changed: (now) => (figures = now),
    now: () => at,
  });
  keeper.keep([request('a'), request('b', 'x'.repeat(3_000_000)), request('c')]);
  expect(figures).toMatchObject({ collected: 2, uploaded: 0, dropped: { tooLarge: 1 } });
  expect(figures?.bufferedBytes).toBeGreaterThan(0);
  await keeper.close(10_000);
  expect(keeper.figures).toMatchObject({ collected: 2, uploaded: 2, lastError: null });
  const lines = (await readFile(path.join(folder, 's/g/w/svc/m/1/inputs/2026/11/30/data.jsonl'), 'utf8')).trimEnd();
  expect(lines.split('\n').map((line) => (JSON.parse(line) as { requestId: string }).requestId)).toEqual(['a', 'c']);
});

it('drops the oldest that do not fit on the disk, and counts them', async () => {
  const folder = await temporaryFolder();
  const keeper = new Keeper({
    plan: {
      settings: { buffer: { maxBytes: 1_048_576 }, uploadIntervalSeconds: 3600 },
      destination: { kind: 'blobs', container: 'http://127.0.0.1:9/a/c', credential: { value: 'sig=x' } },
      owner: { subscription: 's', resourceGroup: 'g', workspace: 'w', service: 'svc' },
      bufferFolder: folder,
    },
    log: () => {},
    changed: () => {},
    now: () => at,
  });
  for (const id of ['a', 'b', 'c', 'd']) keeper.keep([request(id, 'x'.repeat(400_000))]);
  expect(keeper.figures).toMatchObject({ collected: 4, dropped: { bufferFull: 2 } });
  expect(keeper.figures.bufferedBytes).toBeLessThan(1_048_576);
  await keeper.close(0);
});

it('keeps a folder small: whole days are removed, the oldest first, never today', async () => {
  const folder = await temporaryFolder();
  for (const day of ['27', '28', '29', '30']) {
    const place = path.join(folder, 's/g/w/svc/m/1/inputs/2026/11', day);
    await mkdir(place, { recursive: true });
    await writeFile(path.join(place, 'data.csv'), 'x'.repeat(1000));
  }
  const days = async () => (await readdir(path.join(folder, 's/g/w/svc/m/1/inputs/2026/11'), { recursive: true })).filter((name) => name.endsWith('.csv')).map((name) => name.slice(0, 2)).toSorted(); // prettier-ignore
  expect(await new FolderSink(folder, { maxBytes: 1e6, maxDays: undefined }).prune(at)).toEqual({ files: 0, bytes: 0 });
  expect(await new FolderSink(folder, { maxBytes: 3500, maxDays: undefined }).prune(at)).toEqual({
    files: 1,
    bytes: 1000,
  });
  expect(await days()).toEqual(['28', '29', '30']);
  await new FolderSink(folder, { maxBytes: 1e6, maxDays: 1 }).prune(at);
  expect(await days()).toEqual(['29', '30']);
  await new FolderSink(folder, { maxBytes: 1, maxDays: 1 }).prune(at);
  expect(await days()).toEqual(['30']);
});
