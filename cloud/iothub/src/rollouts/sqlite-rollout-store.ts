import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RolloutFile } from '@edgewright/contract';
import type { DeploymentContent } from '../hub-deployments.ts';
import { rolloutBusy, rolloutExists, rolloutNotFound } from './rollout-failures.ts';
import type {
  AuditEntry,
  DevicePast,
  RingLook,
  RolloutChange,
  RolloutDevice,
  RolloutRecord,
} from './rollout-record.ts';
import type { RolloutLock, RolloutStore } from './rollout-store.ts';

const SCHEMA = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA busy_timeout = 10000;
CREATE TABLE IF NOT EXISTS rollouts (name TEXT PRIMARY KEY, file TEXT NOT NULL, content TEXT NOT NULL, state TEXT NOT NULL, wish TEXT NOT NULL,
  ring INTEGER NOT NULL, phase TEXT NOT NULL, phaseSince INTEGER NOT NULL, approved INTEGER NOT NULL, reason TEXT NOT NULL, createdTime INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS devices (rollout TEXT NOT NULL, deviceId TEXT NOT NULL, ring INTEGER NOT NULL, before TEXT NOT NULL, PRIMARY KEY (rollout, deviceId)) STRICT;
CREATE TABLE IF NOT EXISTS looks (rollout TEXT NOT NULL, ring INTEGER NOT NULL, time INTEGER NOT NULL, devices TEXT NOT NULL, gates TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS looksByTime ON looks (rollout, time);
CREATE TABLE IF NOT EXISTS audit (rollout TEXT NOT NULL, time INTEGER NOT NULL, act TEXT NOT NULL, details TEXT NOT NULL) STRICT;
`;

type Row = Readonly<Record<string, unknown>>;

/** Rollouts in one SQLite file. Disposing of it closes the file. */
export class SqliteRolloutStore implements RolloutStore {
  readonly #database: DatabaseSync;
  readonly #directory: string;

  private constructor(directory: string, database: DatabaseSync) {
    this.#directory = directory;
    this.#database = database;
  }

  static open(directory: string): SqliteRolloutStore {
    mkdirSync(directory, { recursive: true });
    const database = new DatabaseSync(path.join(directory, 'rollouts.sqlite'), { timeout: 10_000 });
    database.exec(SCHEMA);
    return new SqliteRolloutStore(directory, database);
  }

  /** The lock is the operating system's own, so that it ends with the process, however that ends. */
  async lock(name: string): Promise<RolloutLock> {
    const database = new DatabaseSync(path.join(this.#directory, `${name}.lock`), { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (cause) {
      database.close();
      throw rolloutBusy(name, cause);
    }
    return await Promise.resolve({
      signal: new AbortController().signal,
      [Symbol.asyncDispose]: async () => await Promise.resolve(database.close()),
    });
  }

  async create(record: RolloutRecord, devices: readonly RolloutDevice[], entry: AuditEntry): Promise<void> {
    await this.#atomically(() => {
      if (this.#find(record.name) !== undefined) throw rolloutExists(record.name);
      const { file, content, ...rest } = record;
      const row = { ...rest, file: JSON.stringify(file), content: JSON.stringify(content) };
      const names = Object.keys(row);
      this.#database
        .prepare(`INSERT INTO rollouts (${names.join(', ')}) VALUES (${names.map((name) => `$${name}`).join(', ')})`)
        .run(Object.fromEntries(Object.entries(row).map(([name, value]) => [`$${name}`, value])));
      const insert = this.#database.prepare(
        'INSERT INTO devices (rollout, deviceId, ring, before) VALUES (?, ?, ?, ?)',
      );
      for (const { deviceId, ring, before } of devices) insert.run(record.name, deviceId, ring, JSON.stringify(before));
      this.#audit(record.name, entry);
    });
  }

  async get(name: string): Promise<RolloutRecord> {
    const found = this.#find(name);
    if (found !== undefined) return found;
    throw rolloutNotFound(
      name,
      (await this.list()).map((rollout) => rollout.name),
    );
  }

  async list(): Promise<readonly RolloutRecord[]> {
    return await this.#rows('SELECT * FROM rollouts ORDER BY createdTime', [], recordOf);
  }

  async change(name: string, change: RolloutChange, entry?: AuditEntry): Promise<void> {
    await this.#atomically(() => {
      for (const [column, value] of Object.entries(change)) {
        this.#database.prepare(`UPDATE rollouts SET ${column} = ? WHERE name = ?`).run(value, name);
      }
      if (entry !== undefined) this.#audit(name, entry);
    });
  }

  async auditOf(name: string): Promise<readonly AuditEntry[]> {
    const query = 'SELECT time, act, details FROM audit WHERE rollout = ? ORDER BY rowid';
    return await this.#rows(query, [name], (row) => row as unknown as AuditEntry);
  }

  async sizesOf(name: string): Promise<readonly number[]> {
    const { file } = await this.get(name);
    const query = 'SELECT ring, count(*) AS size FROM devices WHERE rollout = ? GROUP BY ring';
    const sizes = new Map(await this.#rows(query, [name], ({ ring, size }) => [Number(ring), Number(size)] as const));
    return file.rings.map((_, ring) => sizes.get(ring) ?? 0);
  }

  async devicesOf(name: string, ring: number): Promise<readonly RolloutDevice[]> {
    const query = 'SELECT * FROM devices WHERE rollout = ? AND ring = ?';
    return await this.#rows(query, [name, ring], ({ deviceId, before }) => ({
      deviceId: String(deviceId),
      ring,
      before: JSON.parse(String(before)) as DevicePast,
    }));
  }

  async keepPast(name: string, ring: number, past: ReadonlyMap<string, DevicePast>): Promise<void> {
    await this.#atomically(() => {
      const update = this.#database.prepare(
        'UPDATE devices SET before = ? WHERE rollout = ? AND deviceId = ? AND ring = ?',
      );
      for (const [deviceId, before] of past) update.run(JSON.stringify(before), name, deviceId, ring);
    });
  }

  async noteLook(name: string, { ring, time, devices, gates }: RingLook): Promise<void> {
    await this.#atomically(() => {
      this.#database
        .prepare('INSERT INTO looks VALUES (?, ?, ?, ?, ?)')
        .run(name, ring, time, JSON.stringify(devices), JSON.stringify(gates));
    });
  }

  async looksOf(name: string, since = 0): Promise<readonly RingLook[]> {
    const query = 'SELECT * FROM looks WHERE rollout = ? AND time > ? ORDER BY rowid';
    return await this.#rows(query, [name, since], (row) => ({
      time: Number(row['time']),
      ring: Number(row['ring']),
      devices: JSON.parse(String(row['devices'])) as RingLook['devices'],
      gates: JSON.parse(String(row['gates'])) as RingLook['gates'],
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve(this.#database.close());
  }

  #find(name: string): RolloutRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM rollouts WHERE name = ?').get(name) as Row | undefined;
    return row === undefined ? undefined : recordOf(row);
  }

  #audit(name: string, { time, act, details }: AuditEntry): void {
    this.#database.prepare('INSERT INTO audit VALUES (?, ?, ?, ?)').run(name, time, act, details);
  }

  async #rows<Value>(query: string, values: (string | number)[], read: (row: Row) => Value): Promise<Value[]> {
    return await Promise.resolve((this.#database.prepare(query).all(...values) as Row[]).map(read));
  }

  async #atomically(action: () => void): Promise<void> {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      action();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
    await Promise.resolve();
  }
}

function recordOf(row: Row): RolloutRecord {
  return {
    ...(row as unknown as RolloutRecord),
    file: JSON.parse(String(row['file'])) as RolloutFile,
    content: JSON.parse(String(row['content'])) as DeploymentContent,
  };
}
