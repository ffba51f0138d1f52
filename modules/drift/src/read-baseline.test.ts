import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readBaseline } from './read-baseline.ts';

test('a model may have no baseline; one that is broken is told with its file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-baseline-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  expect(await readBaseline(folder)).toBeUndefined();
  const file = path.join(folder, 'edgewright-baseline.json');
  await writeFile(file, '{"schemaVersion": 2}');
  await expect(readBaseline(folder)).rejects.toMatchObject({ code: 'BaselineUnusable', details: { file } });
  await writeFile(file, Buffer.alloc(4 * 1024 * 1024 + 1));
  await expect(readBaseline(folder)).rejects.toThrow('4194305 bytes');
});
