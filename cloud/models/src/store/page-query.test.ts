import { DatabaseSync } from 'node:sqlite';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Model } from '@edgewright/contract';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ModelIndex } from './model-index.ts';
import { pageQuery } from './page-query.ts';
import type { PageRequest } from './page-query.ts';

const model = (name: string, version: number, tags: Record<string, string> = {}): Model => ({
  id: `${name}:${version}`,
  name,
  version,
  createdTime: '2026-01-01T00:00:00.000Z',
  tags,
  properties: {},
  framework: 'Custom',
  format: 'other',
  sizeBytes: 1,
  files: [{ path: 'm', sizeBytes: 1, sha256: '0'.repeat(64) }],
});

async function createIndex(
  models: readonly Model[],
): Promise<{ index: ModelIndex; file: string; plan: (request: PageRequest) => string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-index-'));
  const file = path.join(folder, 'registry.sqlite');
  const index = new ModelIndex(file);
  index.transaction(() => {
    for (const one of models) {
      index.takeVersion(one.name);
      index.insert(one);
    }
  });
  const database = new DatabaseSync(file);
  onTestFinished(async () => {
    database.close();
    index[Symbol.dispose]();
    await rm(folder, { recursive: true });
  });
  const plan = (request: PageRequest): string => {
    const { sql, values } = pageQuery(request);
    const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
    return rows.map((row) => String(row['detail'])).join('\n');
  };
  return { index, file, plan };
}

describe('a page of the list', () => {
  it.each<[string, PageRequest['filter']]>([
    ['everything', {}],
    ['one name', { name: 'a' }],
    ['the latest ones', { latest: true }],
    ['a tag', { tags: ['stage'] }],
    ['a tag with its value', { tags: ['stage=prod'] }],
    ['a tag with its value and another one', { tags: ['stage=prod', 'owner'] }],
    ['a tag of one name', { name: 'a', tags: ['stage=prod'] }],
    ['a framework', { framework: 'Custom' }],
    ['a run', { runId: 'r1' }],
    ['a data set and a tag', { datasetId: 'd1', tags: ['stage'] }],
  ])('is found by an index and needs no sorting: %s', async (_, filter) => {
    const { plan } = await createIndex([model('a', 1, { stage: 'prod' })]);
    const text = plan({ filter, pageSize: 10, after: { name: 'a', rank: -7 } });
    expect(text).toContain('SEARCH');
    expect(text).not.toContain('TEMP B-TREE');
    expect(text).not.toMatch(/SCAN (m|l0)\b/);
  });

  it('is reached in any of 100,000 versions, and no document but its own is read', async () => {
    const { index, file } = await createIndex([model('many', 100_000), model('other', 1)]);
    using database = new DatabaseSync(file);
    // whoever reads one of these fails
    database.exec(`
      WITH RECURSIVE versions (version) AS (SELECT 1 UNION ALL SELECT version + 1 FROM versions WHERE version < 99999)
      INSERT INTO models (name, rank, framework, tree, document)
        SELECT 'many', -version, 'Custom', '', 'this is no JSON' FROM versions`);
    const replace = database.prepare('UPDATE models SET document = ? WHERE name = ? AND rank = ?');
    for (const one of [model('many', 50_000), model('many', 49_999), model('many', 49_998), model('many', 1)]) {
      replace.run(JSON.stringify(one), one.name, -one.version);
    }
    const idsOf = (request: PageRequest): string[] => index.page(request).models.map((one) => one.id);
    const middle: PageRequest = { filter: {}, pageSize: 2, after: { name: 'many', rank: -50_001 } };
    expect(idsOf(middle)).toEqual(['many:50000', 'many:49999']);
    expect(index.page(middle).next).toEqual({ name: 'many', rank: -49_999 });
    expect(idsOf({ filter: {}, pageSize: 3, after: { name: 'many', rank: -2 } })).toEqual(['many:1', 'other:1']);
    expect(idsOf({ filter: { latest: true }, pageSize: 3 })).toEqual(['many:100000', 'other:1']);
    expect(index.find({ name: 'many' })?.version).toBe(100_000);
  });
});
