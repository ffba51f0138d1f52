import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '@edgewright/contract';
import { DeployersError } from '../deployers-error.ts';
import type { ServiceSpec } from '../service-spec.ts';

/** A service as it was deployed last. */
export interface ServiceRecord {
  readonly spec: ServiceSpec;
  /** The revision that was there before, to which a failed update goes back. */
  readonly former?: ServiceSpec;
  /** What `reload` reads again: absolute path of the inference configuration. */
  readonly inferenceConfig?: string;
  /** ISO 8601. */
  readonly createdTime: string;
  readonly updatedTime: string;
  /** Why the last deployment failed, when it did. */
  readonly error?: { readonly code: string; readonly message: string };
}

const BUSY_TIMEOUT_MS = 10_000;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS services (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT;
`;

/** The services of a workspace, in one SQLite file that only its owner may read: it holds their keys. */
export class ServiceStore implements Disposable {
  readonly #database: DatabaseSync;

  /** @throws DeployersError `ServiceStateUnusable` */
  constructor(directory: string) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const file = path.join(directory, 'services.sqlite');
      this.#database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
      this.#database.exec(SCHEMA);
      chmodSync(file, 0o600);
    } catch (cause) {
      throw new DeployersError('ServiceStateUnusable', `cannot keep services in "${directory}": ${messageOf(cause)}`, {
        details: { directory },
        cause,
      });
    }
  }

  /** In the order of their names. */
  list(): ServiceRecord[] {
    const rows = this.#database.prepare('SELECT record FROM services ORDER BY name').all();
    return rows.map(({ record }) => JSON.parse(String(record)) as ServiceRecord);
  }

  /** @throws DeployersError `ServiceNotFound` */
  get(name: string): ServiceRecord {
    const found = this.find(name);
    if (found !== undefined) return found;
    const names = this.list().map(({ spec }) => spec.name);
    const known = names.length === 0 ? 'there is none' : `there are ${names.slice(0, 10).join(', ')}`;
    throw new DeployersError('ServiceNotFound', `there is no service "${name}" in this workspace; ${known}`, {
      details: { name },
    });
  }

  find(name: string): ServiceRecord | undefined {
    const row = this.#database.prepare('SELECT record FROM services WHERE name = ?').get(name);
    return row === undefined ? undefined : (JSON.parse(String(row['record'])) as ServiceRecord);
  }

  /** Adds or replaces a service. */
  put(record: ServiceRecord): void {
    this.#database
      .prepare(
        'INSERT INTO services (name, record) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET record = excluded.record',
      )
      .run(record.spec.name, JSON.stringify(record));
  }

  delete(name: string): void {
    this.#database.prepare('DELETE FROM services WHERE name = ?').run(name);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
