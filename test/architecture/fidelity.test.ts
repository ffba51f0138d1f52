import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { repositoryRoot } from './repository.ts';

const page = readFileSync(path.join(repositoryRoot, 'docs/simulator/fidelity.md'), 'utf8');
const rows = page.split('\n').filter((line) => /^\| (?!row|-)/.test(line));

it('every row of the fidelity page names a test that is there', () => {
  expect(rows.length).toBeGreaterThan(80);
  const missing: string[] = [];
  for (const row of rows) {
    const named = [...row.matchAll(/`([\w./-]+\.test\.ts)` › `([^`]+)`/g)];
    if (named.length === 0) missing.push(`no test: ${row}`);
    for (const [, file = '', title = ''] of named) {
      const place = path.join(repositoryRoot, 'tools/simulator/src', file);
      // the formatter of the page puts a backslash before some marks
      const wanted = title.replaceAll('\\', '');
      if (!existsSync(place) || !readFileSync(place, 'utf8').includes(wanted)) missing.push(`${file} › ${wanted}`);
    }
  }
  expect(missing).toEqual([]);
});
