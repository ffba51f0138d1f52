import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { messageOf } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';

/** What each version added, from the first on; a file of an older version is brought up to the newest one. */
const steps = [
  `
  CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT NOT NULL, priority INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL, expires_at INTEGER, size INTEGER NOT NULL, source TEXT NOT NULL,
    body BLOB NOT NULL, properties TEXT NOT NULL, system_properties TEXT NOT NULL
  ) STRICT;
  CREATE TABLE sessions (client TEXT PRIMARY KEY, subscriptions TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE twins (
    client TEXT PRIMARY KEY, desired TEXT NOT NULL, reported TEXT NOT NULL, pending TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE configuration (id INTEGER PRIMARY KEY CHECK (id = 1), desired TEXT NOT NULL) STRICT;
`,
  // a message lies in one tree only, in the order in which it is read
  `
  ALTER TABLE queue RENAME TO queue_before;
  CREATE TABLE queue (
    endpoint TEXT NOT NULL, priority INTEGER NOT NULL, id INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL, expires_at INTEGER, size INTEGER NOT NULL, source TEXT NOT NULL,
    body BLOB NOT NULL, properties TEXT NOT NULL, system_properties TEXT NOT NULL,
    PRIMARY KEY (endpoint, priority, id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO queue
    SELECT endpoint, priority, id, enqueued_at, expires_at, size, source, body, properties, system_properties
    FROM queue_before;
  DROP TABLE queue_before;
  CREATE INDEX queue_expiry ON queue (expires_at) WHERE expires_at IS NOT NULL;
`,
] as const;

/**
 * What one edgeHub keeps on disk: `edgehub.sqlite`.
 *
 * A transaction is safe from a killed process when it returns. A power cut may cost the last moments, as it may with the real
 * edgeHub, whose store does not wait for the disk either.
 */
export class EdgeHubDatabase implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * @param directory made when it is not there
   * @throws SimulatorError `SimulatorFailed`
   */
  static open(directory: string): EdgeHubDatabase {
    const file = path.join(directory, 'edgehub.sqlite');
    let database: DatabaseSync | undefined;
    try {
      mkdirSync(directory, { recursive: true });
      database = new DatabaseSync(file, { timeout: 0 });
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      migrate(database, file);
      return new EdgeHubDatabase(database);
    } catch (cause) {
      database?.close();
      if (cause instanceof SimulatorError) throw cause;
      throw new SimulatorError('SimulatorFailed', `cannot open the queues of edgeHub, ${file}: ${messageOf(cause)}`, {
        details: { file },
        cause,
      });
    }
  }

  prepare(sql: string): StatementSync {
    return this.#database.prepare(sql);
  }

  /** Runs `action` so that either all of its writes are kept or none. */
  transaction<Result>(action: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = action();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function migrate(database: DatabaseSync, file: string): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > steps.length) {
    throw new SimulatorError(
      'SimulatorFailed',
      `cannot open the queues of edgeHub, ${file}: they were written by a newer edgewright (version ${version}, this one knows ${steps.length}); choose another state folder`,
      { details: { file, version } },
    );
  }
  if (version === steps.length) return;
  database.exec(`BEGIN EXCLUSIVE; ${steps.slice(version).join('')} PRAGMA user_version = ${steps.length}; COMMIT`);
}
