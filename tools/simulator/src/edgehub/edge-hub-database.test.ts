import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { EdgeHubDatabase } from './edge-hub-database.ts';
import { MessageStore } from './message-store.ts';

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-edgehub-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

it('brings up a file of the first version with what is queued in it', async () => {
  const folder = await makeFolder();
  const before = new DatabaseSync(path.join(folder, 'edgehub.sqlite'));
  before.exec(`
    CREATE TABLE queue (
      id INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT NOT NULL, priority INTEGER NOT NULL,
      enqueued_at INTEGER NOT NULL, expires_at INTEGER, size INTEGER NOT NULL, source TEXT NOT NULL,
      body BLOB NOT NULL, properties TEXT NOT NULL, system_properties TEXT NOT NULL
    ) STRICT;
    CREATE INDEX queue_order ON queue (endpoint, priority, id);
    CREATE INDEX queue_expiry ON queue (expires_at) WHERE expires_at IS NOT NULL;
    INSERT INTO queue VALUES (7, '$upstream', 0, 1, NULL, 3, '/messages', x'616263', '{"a":"b"}', '{}');
    PRAGMA user_version = 1;
  `);
  before.close();
  using database = EdgeHubDatabase.open(folder);
  using store = new MessageStore({ database, now: () => 1, onStored: () => {} });
  expect(store.lengths()).toEqual([{ endpoint: '$upstream', priority: 0, length: 1 }]);
  expect(store.next('$upstream', 10)).toMatchObject([{ id: 7, body: Buffer.from('abc'), properties: { a: 'b' } }]);
});

it('refuses a file of a later version', async () => {
  const folder = await makeFolder();
  const later = new DatabaseSync(path.join(folder, 'edgehub.sqlite'));
  later.exec('PRAGMA user_version = 99');
  later.close();
  expect(() => EdgeHubDatabase.open(folder)).toThrow('they were written by a newer edgewright (version 99');
});
