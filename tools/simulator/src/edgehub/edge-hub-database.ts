import { mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { messageOf } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';

// Raise the number when the tables change, and add the step that brings an older file up to it.
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT NOT NULL, priority INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL, expires_at INTEGER, size INTEGER NOT NULL, source TEXT NOT NULL,
    body BLOB NOT NULL, properties TEXT NOT NULL, system_properties TEXT NOT NULL
  ) STRICT;
  CREATE INDEX queue_order ON queue (endpoint, priority, id);
  CREATE INDEX queue_expiry ON queue (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE sessions (client TEXT PRIMARY KEY, subscriptions TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE twins (
    client TEXT PRIMARY KEY, desired TEXT NOT NULL, reported TEXT NOT NULL, pending TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE configuration (id INTEGER PRIMARY KEY CHECK (id = 1), desired TEXT NOT NULL) STRICT;
`;

/**
 * What one edgeHub keeps on disk: `edgehub.sqlite`.
 *
 * A transaction is safe from a killed process when it returns. To be safe from a power cut as well, await `durable`: the
 * write-ahead log is then on the disk. That waits for the disk outside of the event loop, and all who wait share one wait.
 */
export class EdgeHubDatabase implements AsyncDisposable {
  readonly #database: DatabaseSync;
  readonly #log: FileHandle;
  #waiting: PromiseWithResolvers<void>[] = [];
  #syncing: Promise<void> | undefined;

  private constructor(database: DatabaseSync, log: FileHandle) {
    this.#database = database;
    this.#log = log;
  }

  /**
   * @param directory made when it is not there
   * @throws SimulatorError `SimulatorFailed`
   */
  static async open(directory: string): Promise<EdgeHubDatabase> {
    const file = path.join(directory, 'edgehub.sqlite');
    let database: DatabaseSync | undefined;
    try {
      mkdirSync(directory, { recursive: true });
      database = new DatabaseSync(file, { timeout: 0 });
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      migrate(database, file);
      return new EdgeHubDatabase(database, await open(`${file}-wal`, 'r'));
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

  /** Resolves when everything that was committed before this call is on the disk. */
  durable(): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    this.#waiting.push(waiter);
    this.#syncing ??= this.#sync();
    return waiter.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#syncing;
    this.#database.close();
    await this.#log.close();
  }

  async #sync(): Promise<void> {
    while (this.#waiting.length > 0) {
      const served = this.#waiting.splice(0);
      try {
        await this.#log.datasync();
        for (const waiter of served) waiter.resolve();
      } catch (error) {
        for (const waiter of served) waiter.reject(error);
      }
    }
    this.#syncing = undefined;
  }
}

function migrate(database: DatabaseSync, file: string): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > SCHEMA_VERSION) {
    throw new SimulatorError(
      'SimulatorFailed',
      `cannot open the queues of edgeHub, ${file}: they were written by a newer edgewright (version ${version}, this one knows ${SCHEMA_VERSION}); choose another state folder`,
      { details: { file, version } },
    );
  }
  // Written even when nothing changes: it makes SQLite create the write-ahead log, which `durable` needs.
  database.exec(
    `BEGIN EXCLUSIVE; ${version === SCHEMA_VERSION ? '' : SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`,
  );
}
