import { closeSync, fdatasync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { messageOf } from '@edgewright/contract';
import { EdgeError } from '../edge-error.ts';
import type { InputMessage } from '../messages/input-message.ts';

const syncData = promisify(fdatasync);

/** A message in the journal. */
export interface JournalEntry {
  readonly id: number;
  readonly message: InputMessage;
  /** How often work on it began and the process ended before it did. */
  readonly crashes: number;
}

/** A message to write, and what it is recognised by when it comes again. */
export interface JournalAddition {
  readonly message: InputMessage;
  readonly key: string | undefined;
}

interface Row {
  readonly id: number;
  readonly body: Uint8Array;
  readonly facts: string;
  readonly started: number;
}

const FILE = 'journal.sqlite';
const SCHEMA_VERSION = 1;
/** What a row takes beside the body, roughly: identifiers, properties, index. */
const ROW_BYTES = 512;

const SCHEMA = `
  CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT UNIQUE,
    body BLOB NOT NULL,
    facts TEXT NOT NULL,
    started INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Messages that were acknowledged and are not scored yet, in an SQLite database. Every change is one transaction, which survives the
 * process. What is to survive a loss of power waits for `flush`: SQLite's own way, `synchronous = FULL`, holds the whole thread for as
 * long as the disk takes. Removals are never waited for, because a removal that is lost only makes a message be scored again.
 */
export class MessageJournal implements Disposable {
  readonly #database: DatabaseSync;
  // prepared once: parsing them takes longer than a transaction that does not wait for the disk
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #add: StatementSync;
  readonly #remove: StatementSync;
  readonly #start: StatementSync;
  readonly #unstart: StatementSync;
  readonly #read: StatementSync;
  /** The write-ahead log, which is where a transaction goes. */
  readonly #log: number;
  #count: number;
  #bytes: number;

  /**
   * Opens the journal in a folder. One that cannot be read is put aside under another name, for a module that never starts
   * again loses more.
   *
   * @param onPutAside told of the name under which a journal was put aside, and why
   * @param name of the file; default `journal.sqlite`
   * @throws EdgeError `JournalUnusable`
   */
  static async open(
    directory: string,
    onPutAside: (file: string, error: unknown) => void,
    name = FILE,
  ): Promise<MessageJournal> {
    const file = path.join(directory, name);
    try {
      const { DatabaseSync } = await import('node:sqlite');
      mkdirSync(directory, { recursive: true });
      try {
        return new MessageJournal(new DatabaseSync(file), file);
      } catch (error) {
        if (!isDamaged(error)) throw error;
        const aside = `${file}.damaged-${Date.now()}`;
        for (const suffix of ['', '-wal', '-shm']) renameIfThere(`${file}${suffix}`, `${aside}${suffix}`);
        onPutAside(aside, error);
        return new MessageJournal(new DatabaseSync(file), file);
      }
    } catch (cause) {
      throw new EdgeError('JournalUnusable', `cannot open the journal ${file}: ${messageOf(cause)}`, {
        details: { file },
        cause,
      });
    }
  }

  private constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    // NORMAL keeps the database sound whenever the power goes; what was written last is then missing, but for a flush
    database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 2000; PRAGMA synchronous = NORMAL;');
    const version = (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
    if (version === 0) database.exec(SCHEMA);
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#add = database.prepare('INSERT OR IGNORE INTO message (key, body, facts) VALUES (?, ?, ?)');
    this.#remove = database.prepare('DELETE FROM message WHERE id = ?');
    this.#start = database.prepare('UPDATE message SET started = started + 1 WHERE id = ?');
    this.#unstart = database.prepare('UPDATE message SET started = started - 1 WHERE id = ?');
    this.#read = database.prepare('SELECT id, body, facts, started FROM message WHERE id > ? ORDER BY id LIMIT ?');
    const total = database.prepare(
      'SELECT count(*) AS n, coalesce(sum(length(body) + length(CAST(facts AS BLOB))), 0) AS bytes FROM message',
    );
    const { n, bytes } = total.get() as { n: number; bytes: number };
    this.#count = n;
    this.#bytes = bytes + n * ROW_BYTES;
    // written by SQLite alone, from the first transaction until the last connection is closed
    this.#log = openSync(`${file}-wal`, 'r');
    syncFolder(path.dirname(file));
  }

  /** Messages in it. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that they take, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Writes messages, all or none. They survive the process; a loss of power from the next `flush` on.
   *
   * @returns for each whether it was new; false when it is in the journal already
   * @throws EdgeError `JournalUnusable`, such as for a full disk
   */
  add(additions: readonly JournalAddition[]): boolean[] {
    let bytes = 0;
    const isNew = this.#transaction('add to', () =>
      additions.map(({ message, key }) => {
        const facts = factsOf(message);
        const { changes } = this.#add.run(key ?? null, message.body, facts);
        if (changes === 0) return false;
        bytes += message.body.length + Buffer.byteLength(facts) + ROW_BYTES;
        return true;
      }),
    );
    this.#count += isNew.filter(Boolean).length;
    this.#bytes += bytes;
    return isNew;
  }

  /**
   * Waits until everything that was written is on the disk itself; this thread goes on meanwhile.
   *
   * @throws EdgeError `JournalUnusable`
   */
  async flush(): Promise<void> {
    try {
      await syncData(this.#log);
    } catch (cause) {
      throw new EdgeError('JournalUnusable', `cannot write the journal to the disk: ${messageOf(cause)}`, { cause });
    }
  }

  /** Reads up to `limit` messages behind an id, oldest first. */
  read(afterId: number, limit: number): JournalEntry[] {
    return (this.#read.all(afterId, limit) as unknown as Row[]).map(({ id, body, facts, started }) => ({
      id,
      message: { ...(JSON.parse(facts) as Omit<InputMessage, 'body'>), body: Buffer.from(body) },
      crashes: started,
    }));
  }

  /** Notes that work on messages begins: if the process ends before it does, `crashes` counts it. */
  start(entries: readonly JournalEntry[]): void {
    this.#transaction('write to', () => {
      for (const { id } of entries) this.#start.run(id);
    });
  }

  /** Takes that back: the work ended, without an output. */
  unstart(entries: readonly JournalEntry[]): void {
    this.#transaction('write to', () => {
      for (const { id } of entries) this.#unstart.run(id);
    });
  }

  /** Removes messages whose output is confirmed. */
  remove(entries: readonly JournalEntry[]): void {
    this.#transaction('remove from', () => {
      for (const { id } of entries) this.#remove.run(id);
    });
    this.#count -= entries.length;
    for (const { message } of entries) {
      this.#bytes -= message.body.length + Buffer.byteLength(factsOf(message)) + ROW_BYTES;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#log);
    this.#database.close();
  }

  #transaction<Value>(what: string, work: () => Value): Value {
    try {
      this.#begin.run();
      const value = work();
      this.#commit.run();
      return value;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw new EdgeError('JournalUnusable', `cannot ${what} the journal: ${messageOf(cause)}`, { cause });
    }
  }
}

function factsOf(message: InputMessage): string {
  return JSON.stringify({ ...message, body: undefined });
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
function isDamaged(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode === 11 || errcode === 26;
}

/** The name of a new file is on the disk too. */
function syncFolder(directory: string): void {
  const folder = openSync(directory, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
  }
}
