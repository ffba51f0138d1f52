import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RolloutFile } from '@edgewright/contract';
import { IotHubError } from '../iothub-error.ts';
import type { DeploymentContent } from '../hub-deployments.ts';
import type { GateValue } from './check-gates.ts';

/** How far a ring is: `pending` until it may begin, then its devices are tagged, get it, are watched, and it has passed. */
export type RingPhase = 'pending' | 'deploying' | 'settling' | 'watching';
export type RolloutState = 'running' | 'rolling-back' | 'done' | 'rolled-back' | 'aborted';
/** What a person wants of a rollout. */
export type RolloutWish = 'run' | 'pause' | 'abort' | 'rollback';

/** Where a rollout stands. */
export interface RolloutRecord {
  readonly name: string;
  readonly file: RolloutFile;
  readonly content: DeploymentContent;
  readonly state: RolloutState;
  readonly wish: RolloutWish;
  /** The ring that is worked on, from 0. */
  readonly ring: number;
  readonly phase: RingPhase;
  /** Milliseconds since 1970 at which the phase began. */
  readonly phaseSince: number;
  /** Rings below this number are approved. */
  readonly approved: number;
  /** Why it waits, or was rolled back. */
  readonly reason: string;
  readonly createdTime: number;
}

export interface RolloutDevice {
  readonly deviceId: string;
  readonly ring: number;
  /** What the change will replace in twins of modules, and counters; see the controller. */
  readonly before: {
    readonly desired: Readonly<Record<string, unknown>>;
    readonly counters: Readonly<Record<string, number>>;
  };
}

export interface AuditEntry {
  readonly time: number;
  readonly act: string;
  readonly details: string;
}

export interface GateRecord extends GateValue {
  readonly time: number;
  readonly ring: number;
}

const SCHEMA = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA busy_timeout = 10000;
CREATE TABLE IF NOT EXISTS rollouts (name TEXT PRIMARY KEY, file TEXT NOT NULL, content TEXT NOT NULL, state TEXT NOT NULL, wish TEXT NOT NULL,
  ring INTEGER NOT NULL, phase TEXT NOT NULL, phaseSince INTEGER NOT NULL, approved INTEGER NOT NULL, reason TEXT NOT NULL, createdTime INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS devices (rollout TEXT NOT NULL, deviceId TEXT NOT NULL, ring INTEGER NOT NULL, before TEXT NOT NULL, PRIMARY KEY (rollout, deviceId)) STRICT;
CREATE TABLE IF NOT EXISTS gates (rollout TEXT NOT NULL, ring INTEGER NOT NULL, gate TEXT NOT NULL, time INTEGER NOT NULL, value REAL, passed INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS audit (rollout TEXT NOT NULL, time INTEGER NOT NULL, act TEXT NOT NULL, details TEXT NOT NULL) STRICT;
`;

type Row = Readonly<Record<string, unknown>>;

/** Rollouts in one SQLite file, so that a controller that died goes on where it was. */
export class RolloutStore implements Disposable {
  readonly #database: DatabaseSync;
  readonly #directory: string;

  private constructor(directory: string, database: DatabaseSync) {
    this.#directory = directory;
    this.#database = database;
  }

  static open(directory: string): RolloutStore {
    mkdirSync(directory, { recursive: true });
    const database = new DatabaseSync(path.join(directory, 'rollouts.sqlite'), { timeout: 10_000 });
    database.exec(SCHEMA);
    return new RolloutStore(directory, database);
  }

  /**
   * Makes sure that only one controller works on a rollout. The lock is the operating system's own, so that it ends with the
   * process, however that ends.
   *
   * @throws IotHubError `RolloutBusy`
   */
  lock(name: string): Disposable {
    const database = new DatabaseSync(path.join(this.#directory, `${name}.lock`), { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (cause) {
      database.close();
      throw new IotHubError('RolloutBusy', `cannot drive the rollout "${name}": another controller does`, {
        details: { rollout: name },
        cause,
      });
    }
    return { [Symbol.dispose]: () => database.close() };
  }

  /** @throws IotHubError `RolloutExists` */
  create(record: RolloutRecord, devices: readonly RolloutDevice[]): void {
    this.#atomically(() => {
      if (this.find(record.name) !== undefined) {
        throw new IotHubError('RolloutExists', `cannot start the rollout "${record.name}": there is one of this name`, {
          details: { rollout: record.name },
        });
      }
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
    });
  }

  find(name: string): RolloutRecord | undefined {
    const row = this.#database.prepare('SELECT * FROM rollouts WHERE name = ?').get(name) as Row | undefined;
    return row === undefined ? undefined : recordOf(row);
  }

  /** @throws IotHubError `RolloutNotFound` */
  get(name: string): RolloutRecord {
    const found = this.find(name);
    if (found !== undefined) return found;
    const names = this.list().map((rollout) => rollout.name);
    throw new IotHubError(
      'RolloutNotFound',
      `cannot find the rollout "${name}": ${names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`}`,
      { details: { rollout: name } },
    );
  }

  list(): RolloutRecord[] {
    return (this.#database.prepare('SELECT * FROM rollouts ORDER BY createdTime').all() as Row[]).map(recordOf);
  }

  /** Writes a change and what the audit log says of it, both or neither. */
  change(
    name: string,
    change: Partial<Pick<RolloutRecord, 'state' | 'wish' | 'ring' | 'phase' | 'phaseSince' | 'approved' | 'reason'>>,
    entry?: AuditEntry,
  ): void {
    this.#atomically(() => {
      for (const [column, value] of Object.entries(change)) {
        this.#database.prepare(`UPDATE rollouts SET ${column} = ? WHERE name = ?`).run(value, name);
      }
      if (entry !== undefined) this.audit(name, entry);
    });
  }

  audit(name: string, { time, act, details }: AuditEntry): void {
    this.#database.prepare('INSERT INTO audit VALUES (?, ?, ?, ?)').run(name, time, act, details);
  }

  auditOf(name: string): AuditEntry[] {
    const rows = this.#database
      .prepare('SELECT time, act, details FROM audit WHERE rollout = ? ORDER BY rowid')
      .all(name);
    return rows as unknown as AuditEntry[];
  }

  devicesOf(name: string, ring: number): RolloutDevice[] {
    const rows = this.#database
      .prepare('SELECT * FROM devices WHERE rollout = ? AND ring = ?')
      .all(name, ring) as Row[];
    return rows.map((row) => ({
      deviceId: String(row['deviceId']),
      ring,
      before: JSON.parse(String(row['before'])) as RolloutDevice['before'],
    }));
  }

  noteGates(name: string, ring: number, { values, time }: { values: readonly GateValue[]; time: number }): void {
    const insert = this.#database.prepare('INSERT INTO gates VALUES (?, ?, ?, ?, ?, ?)');
    this.#atomically(() => {
      for (const { gate, value, passed } of values) insert.run(name, ring, gate, time, value, passed ? 1 : 0);
    });
  }

  gatesOf(name: string): GateRecord[] {
    const rows = this.#database.prepare('SELECT * FROM gates WHERE rollout = ? ORDER BY rowid').all(name) as Row[];
    return rows.map((row) => ({ ...(row as unknown as GateRecord), passed: row['passed'] === 1 }));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #atomically(action: () => void): void {
    if (this.#database.isTransaction) {
      action();
      return;
    }
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      action();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

function recordOf(row: Row): RolloutRecord {
  return {
    ...(row as unknown as RolloutRecord),
    file: JSON.parse(String(row['file'])) as RolloutFile,
    content: JSON.parse(String(row['content'])) as DeploymentContent,
  };
}
