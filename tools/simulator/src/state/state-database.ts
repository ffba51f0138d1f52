import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';

const SQLITE_BUSY = 5;

// Raise the number when the tables change, and add the step that brings an older state folder up to it.
const SCHEMA_VERSION = 2;

/** What each version added, from the first on. */
const steps = [
  `
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE identities (
    device_id TEXT NOT NULL, module_id TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (device_id, module_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE twins (
    device_id TEXT NOT NULL, module_id TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (device_id, module_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE configurations (id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE telemetry (
    sequence_number INTEGER PRIMARY KEY AUTOINCREMENT, device_id TEXT NOT NULL, module_id TEXT NOT NULL,
    enqueued_time TEXT NOT NULL, body BLOB NOT NULL, properties TEXT NOT NULL, system_properties TEXT NOT NULL
  ) STRICT;
`,
  `
  CREATE TABLE sessions (client TEXT PRIMARY KEY, subscriptions TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE cloud_messages (
    sequence_number INTEGER PRIMARY KEY AUTOINCREMENT, device_id TEXT NOT NULL, enqueued_time TEXT NOT NULL,
    expires_at INTEGER NOT NULL, delivery_count INTEGER NOT NULL, ack TEXT NOT NULL, body BLOB NOT NULL,
    properties TEXT NOT NULL, system_properties TEXT NOT NULL
  ) STRICT;
  CREATE INDEX cloud_messages_by_device ON cloud_messages (device_id, sequence_number);
  CREATE TABLE feedback (sequence_number INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL) STRICT;
`,
] as const;

/**
 * The hub's state: one SQLite file, `hub.sqlite`. What a transaction has committed outlives the process (write-ahead log;
 * a power cut may cost the last moments, a killed process costs nothing).
 *
 * The file is locked for as long as it is open, which is what keeps two simulators out of one state folder: the operating
 * system gives the lock back however a process ends, so there are no stale ones.
 */
export class StateDatabase {
  readonly #database: DatabaseSync;
  #depth = 0;
  #afterCommit: (() => void)[] = [];

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * @param directory made when it is not there
   * @throws SimulatorError `SimulatorAlreadyRunning` when another simulator has it open, `SimulatorFailed` when it cannot be opened
   */
  static open(directory: string): StateDatabase {
    const file = path.join(directory, 'hub.sqlite');
    let database: DatabaseSync | undefined;
    try {
      mkdirSync(directory, { recursive: true });
      database = new DatabaseSync(file, { timeout: 0 });
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      migrate(database, file);
      return new StateDatabase(database);
    } catch (cause) {
      database?.close();
      if (cause instanceof SimulatorError) throw cause;
      if ((cause as { errcode?: number }).errcode === SQLITE_BUSY) {
        throw new SimulatorError(
          'SimulatorAlreadyRunning',
          `cannot start a simulator with the state folder ${directory}: another one has it in use`,
          { details: { stateDirectory: directory }, cause },
        );
      }
      throw new SimulatorError('SimulatorFailed', `cannot open the simulator's state ${file}: ${messageOf(cause)}`, {
        details: { file },
        cause,
      });
    }
  }

  prepare(sql: string): ReturnType<DatabaseSync['prepare']> {
    return this.#database.prepare(sql);
  }

  /** Runs `action` so that either all of its writes are kept or none. May be nested; the outermost one counts. */
  transaction<Result>(action: () => Result): Result {
    if (this.#depth > 0) return action();
    this.#database.exec('BEGIN IMMEDIATE');
    this.#depth = 1;
    let result: Result;
    try {
      result = action();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#afterCommit = [];
      this.#database.exec('ROLLBACK');
      throw error;
    } finally {
      this.#depth = 0;
    }
    for (const tell of this.#afterCommit.splice(0)) tell();
    return result;
  }

  /** Runs `tell` once the writes around it are kept: at once outside of a transaction, never after a rollback. */
  afterCommit(tell: () => void): void {
    if (this.#depth > 0) this.#afterCommit.push(tell);
    else tell();
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function migrate(database: DatabaseSync, file: string): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > SCHEMA_VERSION) {
    throw new SimulatorError(
      'SimulatorFailed',
      `cannot open the simulator's state ${file}: it was written by a newer edgewright (state version ${version}, this one knows ${SCHEMA_VERSION}); choose another --state folder`,
      { details: { file, version } },
    );
  }
  if (version === SCHEMA_VERSION) return;
  database.exec(`BEGIN EXCLUSIVE; ${steps.slice(version).join('')} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}
