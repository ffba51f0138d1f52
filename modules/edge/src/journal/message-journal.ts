import { mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { messageOf } from '@edgewright/contract';
import type { JournalDurability } from '@edgewright/contract';
import { EdgeError } from '../edge-error.ts';
import type { InputMessage } from '../messages/input-message.ts';

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
 * Messages that were acknowledged and are not scored yet, in an SQLite database. Every change is one transaction. Additions are
 * written to the disk itself when they are to survive a loss of power; removals never, because a removal that is lost only makes a
 * message be scored again.
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
  #synchronous: 'FULL' | 'NORMAL' | undefined;
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
        return new MessageJournal(new DatabaseSync(file));
      } catch (error) {
        if (!isDamaged(error)) throw error;
        const aside = `${file}.damaged-${Date.now()}`;
        for (const suffix of ['', '-wal', '-shm']) renameIfThere(`${file}${suffix}`, `${aside}${suffix}`);
        onPutAside(aside, error);
        return new MessageJournal(new DatabaseSync(file));
      }
    } catch (cause) {
      throw new EdgeError('JournalUnusable', `cannot open the journal ${file}: ${messageOf(cause)}`, {
        details: { file },
        cause,
      });
    }
  }

  private constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 2000;');
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
   * Writes messages, all or none.
   *
   * @returns for each whether it was new; false when it is in the journal already
   * @throws EdgeError `JournalUnusable`, such as for a full disk
   */
  add(additions: readonly JournalAddition[], durability: JournalDurability): boolean[] {
    let bytes = 0;
    const isNew = this.#transaction(durability === 'power-loss' ? 'FULL' : 'NORMAL', 'add to', () =>
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
    this.#transaction('NORMAL', 'write to', () => {
      for (const { id } of entries) this.#start.run(id);
    });
  }

  /** Takes that back: the work ended, without an output. */
  unstart(entries: readonly JournalEntry[]): void {
    this.#transaction('NORMAL', 'write to', () => {
      for (const { id } of entries) this.#unstart.run(id);
    });
  }

  /** Removes messages whose output is confirmed. */
  remove(entries: readonly JournalEntry[]): void {
    this.#transaction('NORMAL', 'remove from', () => {
      for (const { id } of entries) this.#remove.run(id);
    });
    this.#count -= entries.length;
    for (const { message } of entries) {
      this.#bytes -= message.body.length + Buffer.byteLength(factsOf(message)) + ROW_BYTES;
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #transaction<Value>(synchronous: 'FULL' | 'NORMAL', what: string, work: () => Value): Value {
    try {
      if (synchronous !== this.#synchronous) this.#database.exec(`PRAGMA synchronous = ${synchronous}`);
      this.#synchronous = synchronous;
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

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
  }
}
