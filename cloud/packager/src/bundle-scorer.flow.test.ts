import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/engine-fixture.ts';
import { bundleScorer } from './bundle-scorer.ts';

it('keeps the schema library out of the worker, which loads it with the first remote model only', async () => {
  const folder = path.join(await temporaryFolder(), 'scorer');
  const { files } = await bundleScorer(folder);
  const programs = ['main.mjs', 'worker.mjs', 'open-remote-session.mjs', 'measure.mjs'];
  expect(files).toEqual(expect.arrayContaining(programs));
  const library = 'node_modules/typebox/';
  expect(await readFile(path.join(folder, 'open-remote-session.mjs'), 'utf8')).toContain(library);
  const worker = await readFile(path.join(folder, 'worker.mjs'), 'utf8');
  expect(worker).not.toContain(library);
  expect(worker.match(/"\.\/[^"]+\.mjs"/g)).toEqual(['"./open-remote-session.mjs"']);
});
