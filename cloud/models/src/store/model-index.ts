import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { Model, ModelReference } from '@edgewright/contract';
import type { PagePosition } from '../page-token.ts';
import { labelsOf } from './label-condition.ts';
import { treeDigest } from './tree-digest.ts';
import { pageQuery } from './page-query.ts';
import type { PageRequest } from './page-query.ts';

/** How long a process waits for another one that is writing. */
const BUSY_TIMEOUT_MS = 30_000;

/**
 * `rank` is the version with its sign changed, so that one ascending index gives the names in order and the versions of a
 * name from the highest down, which is how pages are read. `names` outlives its models: a version is never given twice.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY, last_version INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS models (
    name TEXT NOT NULL REFERENCES names (name),
    rank INTEGER NOT NULL,
    framework TEXT NOT NULL,
    tree TEXT NOT NULL,
    document TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS models_by_name ON models (name, rank);
  CREATE INDEX IF NOT EXISTS models_by_tree ON models (tree);
  CREATE TABLE IF NOT EXISTS labels (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    rank INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key, name, rank)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS labels_by_value ON labels (kind, key, value, name, rank);
  CREATE TABLE IF NOT EXISTS files (
    name TEXT NOT NULL,
    rank INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (name, rank, sha256)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS files_by_digest ON files (sha256);
`;

/** Registries made before frameworks and runs were labels get these; one that has them is not changed. */
const LABELS_OF_OLDER_ROWS = `
  INSERT OR IGNORE INTO labels (kind, key, name, rank, value)
    SELECT 'framework', framework, name, rank, '' FROM models
    WHERE NOT EXISTS (SELECT 1 FROM labels WHERE kind = 'framework')
    UNION ALL
    SELECT 'run', json_extract(document, '$.runId'), name, rank, '' FROM models
    WHERE NOT EXISTS (SELECT 1 FROM labels WHERE kind = 'framework') AND json_extract(document, '$.runId') IS NOT NULL;
`;

/** The table of registered models: one SQLite file, shared by any number of processes. */
export class ModelIndex implements Disposable {
  readonly #database: DatabaseSync;
  /** Prepared once: there is a small, fixed number of them. */
  readonly #statements = new Map<string, StatementSync>();

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    // FULL: a version that was promised survives the loss of power
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    this.transaction(() => this.#database.exec(`${SCHEMA} ${LABELS_OF_OLDER_ROWS}`));
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /** Runs an action alone: no other process writes until it is done, and nothing of it remains if it throws. */
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

  /** The next version of a name. Inside a transaction. */
  takeVersion(name: string): number {
    const row = this.#first(
      `INSERT INTO names (name, last_version) VALUES (?, 1)
       ON CONFLICT (name) DO UPDATE SET last_version = last_version + 1 RETURNING last_version`,
      [name],
    );
    return Number(row?.['last_version']);
  }

  /** Adds a model. Inside a transaction. */
  insert(model: Model): void {
    const rank = -model.version;
    this.#run('INSERT INTO models (name, rank, framework, tree, document) VALUES (?, ?, ?, ?, ?)', [
      model.name,
      rank,
      model.framework,
      treeDigest(model.files),
      JSON.stringify(model),
    ]);
    this.#insertLabels(model);
    for (const sha256 of new Set(model.files.map((file) => file.sha256))) {
      this.#run('INSERT INTO files (name, rank, sha256) VALUES (?, ?, ?)', [model.name, rank, sha256]);
    }
  }

  /** Writes a model anew whose tags, properties or description have changed. Inside a transaction. */
  replace(model: Model): void {
    const key = [model.name, -model.version];
    this.#run('UPDATE models SET document = ? WHERE name = ? AND rank = ?', [JSON.stringify(model), ...key]);
    this.#run('DELETE FROM labels WHERE name = ? AND rank = ?', key);
    this.#insertLabels(model);
  }

  /** Inside a transaction. */
  remove(reference: Required<ModelReference>): void {
    for (const table of ['models', 'labels', 'files']) {
      this.#run(`DELETE FROM ${table} WHERE name = ? AND rank = ?`, [reference.name, -reference.version]);
    }
  }

  /** Whether any model has a file of this digest. */
  usesBlob(sha256: string): boolean {
    return this.#first('SELECT 1 FROM files WHERE sha256 = ? LIMIT 1', [sha256]) !== undefined;
  }

  /** Whether any model has exactly the files of this tree. */
  usesTree(digest: string): boolean {
    return this.#first('SELECT 1 FROM models WHERE tree = ? LIMIT 1', [digest]) !== undefined;
  }

  find(reference: ModelReference): Model | undefined {
    const row =
      reference.version === undefined
        ? this.#first('SELECT document FROM models WHERE name = ? ORDER BY rank LIMIT 1', [reference.name])
        : this.#first('SELECT document FROM models WHERE name = ? AND rank = ?', [reference.name, -reference.version]);
    return row === undefined ? undefined : modelOf(row);
  }

  /** The versions that a name has, from the highest down, at most `limit`. */
  versionsOf(name: string, limit: number): number[] {
    const rows = this.#prepare('SELECT rank FROM models WHERE name = ? ORDER BY rank LIMIT ?').all(name, limit);
    return rows.map((row) => -Number(row['rank']));
  }

  /** One page, and where the next one starts if there is one. */
  page(request: PageRequest): { models: Model[]; next?: PagePosition } {
    const { sql, values } = pageQuery(request);
    const models = this.#database
      .prepare(sql)
      .all(...values)
      .map(modelOf);
    const last = models[request.pageSize - 1];
    if (models.length <= request.pageSize || last === undefined) return { models };
    return { models: models.slice(0, request.pageSize), next: { name: last.name, rank: -last.version } };
  }

  #insertLabels(model: Model): void {
    for (const { kind, key, value } of labelsOf(model)) {
      this.#run('INSERT INTO labels (kind, key, name, rank, value) VALUES (?, ?, ?, ?, ?)', [
        kind,
        key,
        model.name,
        -model.version,
        value,
      ]);
    }
  }

  #run(sql: string, values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  #first(sql: string, values: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.#prepare(sql).get(...values);
  }

  #prepare(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function modelOf(row: Record<string, unknown>): Model {
  return JSON.parse(String(row['document'])) as Model;
}
