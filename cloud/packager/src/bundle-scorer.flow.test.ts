import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/engine-fixture.ts';
import { bundleScorer } from './bundle-scorer.ts';

it('keeps the schema library out of the worker, which loads it with the first remote model only', async () => {
  const folder = path.join(await temporaryFolder(), 'scorer');
  const { files } = await bundleScorer(folder);
  const programs = ['main.mjs', 'worker.mjs', 'open-remote-session.mjs'];
  expect(files).toEqual(expect.arrayContaining(programs));
  const withLibrary: string[] = [];
  for (const name of files.filter((file) => file.endsWith('.mjs'))) {
    if ((await readFile(path.join(folder, name), 'utf8')).includes('node_modules/typebox/')) withLibrary.push(name);
  }
  expect(withLibrary.toSorted()).toEqual(['main.mjs', 'open-remote-session.mjs']);
  expect(await readFile(path.join(folder, 'worker.mjs'), 'utf8')).toContain('import("./open-remote-session.mjs")');
});
