import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '@edgewright/contract';
import type { ServiceCredentials } from '../credentials/service-credentials.ts';
import { DeployersError } from '../deployers-error.ts';
import type { EndpointSpec, EndpointVersion } from '../endpoint/endpoint-spec.ts';
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
  /** Where Azure has it, when it was created or attached by its id. */
  readonly azure?: AzureCluster;
}

/** An AKS cluster, as Azure knows it. */
export interface AzureCluster {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly clusterName: string;
  readonly clusterPurpose: 'FastProd' | 'DevTest';
  /** Azure Resource Manager, where it is not the public cloud's. */
  readonly endpoint?: string;
  /** Whether edgewright created it: only then it may delete it. */
  readonly isCreated: boolean;
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

/** A version of an endpoint as it was deployed last. */
export interface EndpointVersionRecord extends EndpointVersion {
  /** Whether it ever became healthy; only then it gets traffic. */
  readonly isReady: boolean;
  /** Absolute path. */
  readonly inferenceConfig?: string;
  readonly createdTime: string;
  readonly updatedTime: string;
}

/** An endpoint with its versions, in the order in which they were made. */
export interface EndpointRecord extends EndpointSpec {
  readonly versions: readonly EndpointVersionRecord[];
  readonly credentials: ServiceCredentials;
  readonly computeTarget?: string;
  readonly createdTime: string;
  readonly updatedTime: string;
}

const BUSY_TIMEOUT_MS = 10_000;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS services (
    name TEXT PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS endpoints (
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
    this.requireFreeOfEndpoints(name);
    const found = this.find(name);
    if (found === undefined || overwrite) return found;
    const { computeType } = found.spec.settings;
    throw new DeployersError('ServiceExists', `there is a service "${name}" already, on ${computeType}`, {
      details: { name, computeType },
    });
  }

  /** Adds or replaces a service. */
  put(record: ServiceRecord): void {
    this.#put('services', record.spec.name, record);
  }

  delete(name: string): void {
    this.#database.prepare('DELETE FROM services WHERE name = ?').run(name);
  }

  /** In the order of their names. */
  listEndpoints(): EndpointRecord[] {
    const rows = this.#database.prepare('SELECT record FROM endpoints ORDER BY name').all();
    return rows.map(({ record }) => JSON.parse(String(record)) as EndpointRecord);
  }

  findEndpoint(name: string): EndpointRecord | undefined {
    return this.listEndpoints().find((endpoint) => endpoint.name === name);
  }

  /** @throws DeployersError `ServiceNotFound` */
  getEndpoint(name: string): EndpointRecord {
    const found = this.findEndpoint(name);
    if (found !== undefined) return found;
    const names = this.listEndpoints().map((endpoint) => endpoint.name);
    const known = names.length === 0 ? 'there is none' : `there are ${names.slice(0, 10).join(', ')}`;
    throw new DeployersError('ServiceNotFound', `there is no endpoint "${name}" in this workspace; ${known}`, {
      details: { name },
    });
  }

  /** Adds or replaces an endpoint. */
  putEndpoint(record: EndpointRecord): void {
    this.#put('endpoints', record.name, record);
  }

  deleteEndpoint(name: string): void {
    this.#database.prepare('DELETE FROM endpoints WHERE name = ?').run(name);
  }

  /**
   * Refuses a name under which an endpoint or one of its versions runs.
   *
   * @throws DeployersError `ServiceExists`
   */
  requireFreeOfEndpoints(name: string): void {
    const taken = this.listEndpoints().find(
      (endpoint) => endpoint.name === name || endpoint.versions.some(({ spec }) => spec.name === name),
    );
    if (taken === undefined) return;
    throw new DeployersError('ServiceExists', `the name "${name}" is taken by the endpoint ${taken.name}`, {
      details: { name, endpoint: taken.name },
    });
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

  /** @throws DeployersError `ComputeTargetExists` */
  requireNewTarget(name: string): void {
    if (this.listTargets().every((target) => target.name !== name)) return;
    throw new DeployersError('ComputeTargetExists', `there is a compute target "${name}" already`, {
      details: { name },
    });
  }

  /**
   * Adds a compute target.
   *
   * @throws DeployersError `ComputeTargetExists`
   */
  addTarget(target: ComputeTarget): void {
    this.requireNewTarget(target.name);
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
    this.requireUnusedTarget(name);
    this.#database.prepare('DELETE FROM compute_targets WHERE name = ?').run(name);
  }

  /** @throws DeployersError `ComputeTargetNotFound`, `ComputeTargetInUse` with the services that are there */
  requireUnusedTarget(name: string): void {
    this.getTarget(name);
    const services = [...this.list().map(({ spec }) => spec), ...this.listEndpoints()].flatMap((user) =>
      user.computeTarget === name ? [user.name] : [],
    );
    if (services.length > 0) {
      throw new DeployersError(
        'ComputeTargetInUse',
        `the compute target "${name}" has services: ${services.join(', ')}`,
        {
          details: { name, services },
        },
      );
    }
  }

  #put(table: 'services' | 'endpoints', name: string, record: object): void {
    this.#database
      .prepare(
        `INSERT INTO ${table} (name, record) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET record = excluded.record`,
      )
      .run(name, JSON.stringify(record));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
