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
): Promise<{ index: ModelIndex; plan: (request: PageRequest) => string }> {
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
  return { index, plan };
}

describe('a page of the list', () => {
  it.each([
    ['everything', {}],
    ['one name', { name: 'a' }],
    ['the latest ones', { latest: true }],
    ['a tag', { tags: ['stage'] }],
    ['a tag with its value', { tags: ['stage=prod'] }],
    ['a tag with its value and another one', { tags: ['stage=prod', 'owner'] }],
    ['a tag of one name', { name: 'a', tags: ['stage=prod'] }],
  ])('is found by an index and needs no sorting: %s', async (_, filter) => {
    const { plan } = await createIndex([model('a', 1, { stage: 'prod' })]);
    const text = plan({ filter, pageSize: 10, after: { name: 'a', rank: -7 } });
    expect(text).toContain('SEARCH');
    expect(text).not.toContain('TEMP B-TREE');
    expect(text).not.toMatch(/SCAN (m|l0)\b/);
  });

  it('is reached in any of 20,000 versions without reading those before it', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => model('many', i + 1, i === 5_000 ? { rare: 'yes' } : {}));
    const { index } = await createIndex([...many, model('other', 1)]);
    const last = index.page({ filter: {}, pageSize: 3, after: { name: 'many', rank: -2 } });
    expect(last.models.map((one) => one.id)).toEqual(['many:1', 'other:1']);
    expect(last.next).toBeUndefined();
    expect(index.page({ filter: { tags: ['rare=yes'] }, pageSize: 3 }).models.map((one) => one.id)).toEqual([
      'many:5001',
    ]);
    expect(index.page({ filter: { latest: true }, pageSize: 3 }).models.map((one) => one.id)).toEqual([
      'many:20000',
      'other:1',
    ]);
  });
});
