import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '@edgewright/contract';
import { DeployersError } from '../deployers-error.ts';
import type { ServiceSpec } from '../service-spec.ts';

interface NamedPlace {
  readonly name: string;
  /** Where images are pushed, and pulled from when a service starts: `HOST` or `HOST/PATH`. */
  readonly registry?: string;
  readonly createdTime: string;
}

/** A cluster, by its kubeconfig. */
export interface ClusterTarget extends NamedPlace {
  readonly computeType: 'aks';
  /** Absolute path. */
  readonly kubeconfig: string;
  readonly context?: string;
}

/** A resource group of Azure. */
export interface AzureTarget extends NamedPlace {
  readonly computeType: 'ACI';
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
  /** A user-assigned identity that may pull from the registry, by its resource id. */
  readonly identity?: string;
  /** Azure Resource Manager, where it is not the public cloud's. */
  readonly endpoint?: string;
}

/** A place for services that has a name. */
export type ComputeTarget = ClusterTarget | AzureTarget;

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
  CREATE TABLE IF NOT EXISTS compute_targets (
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

  /**
   * The service that a deployment replaces; undefined when the name is free.
   *
   * @param overwrite whether a service may be replaced
   * @throws DeployersError `ServiceExists`
   */
  former(name: string, overwrite: boolean): ServiceRecord | undefined {
    const found = this.find(name);
    if (found === undefined || overwrite) return found;
    const { computeType } = found.spec.settings;
    throw new DeployersError('ServiceExists', `there is a service "${name}" already, on ${computeType}`, {
      details: { name, computeType },
    });
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

  /** In the order of their names. */
  listTargets(): ComputeTarget[] {
    const rows = this.#database.prepare('SELECT record FROM compute_targets ORDER BY name').all();
    return rows.map(({ record }) => JSON.parse(String(record)) as ComputeTarget);
  }

  /** @throws DeployersError `ComputeTargetNotFound` */
  getTarget(name: string): ComputeTarget {
    const all = this.listTargets();
    const found = all.find((target) => target.name === name);
    if (found !== undefined) return found;
    const known = all.length === 0 ? 'there is none' : `there are ${all.map((target) => target.name).join(', ')}`;
    throw new DeployersError(
      'ComputeTargetNotFound',
      `there is no compute target "${name}" in this workspace; ${known}`,
      {
        details: { name },
      },
    );
  }

  /**
   * Adds a compute target.
   *
   * @throws DeployersError `ComputeTargetExists`
   */
  addTarget(target: ComputeTarget): void {
    if (this.listTargets().some(({ name }) => name === target.name)) {
      throw new DeployersError('ComputeTargetExists', `there is a compute target "${target.name}" already`, {
        details: { name: target.name },
      });
    }
    this.#database
      .prepare('INSERT INTO compute_targets (name, record) VALUES (?, ?)')
      .run(target.name, JSON.stringify(target));
  }

  /**
   * Forgets a compute target.
   *
   * @throws DeployersError `ComputeTargetNotFound`, `ComputeTargetInUse` with the services that are there
   */
  removeTarget(name: string): void {
    this.getTarget(name);
    const users = this.list().filter(({ spec }) => spec.computeTarget === name);
    if (users.length > 0) {
      const services = users.map(({ spec }) => spec.name);
      throw new DeployersError(
        'ComputeTargetInUse',
        `the compute target "${name}" has services: ${services.join(', ')}`,
        {
          details: { name, services },
        },
      );
    }
    this.#database.prepare('DELETE FROM compute_targets WHERE name = ?').run(name);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
