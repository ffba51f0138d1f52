import { randomUUID } from 'node:crypto';
import type { ContainerClient } from '@azure/storage-blob';
import { IotHubError } from '../iothub-error.ts';
import { BlobFiles } from './blob-files.ts';
import { leaseBlob } from './blob-lease.ts';
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

/** `NAME/rollout.json`: all that changes together, so that one conditional write is whole or not at all. */
interface RolloutDocument {
  readonly record: RolloutRecord;
  readonly audit: readonly AuditEntry[];
  readonly sizes: readonly number[];
  /** The folder of the rest: two rollouts of one name never mix. */
  readonly folder: string;
  /** The lease of the controller; one that has lost it writes nothing more. */
  readonly controller: string;
}

/** So often is a change tried anew when somebody else was quicker: a controller and some people write. */
const ATTEMPTS = 20;
const MS_PER_HOUR = 3_600_000;

/**
 * Rollouts in a container of Azure Blob storage, for controllers that run now here, now there. Changes go by ETags: nobody
 * overwrites what he has not read. The lock is a lease, which ends by itself some seconds after its controller.
 */
export class BlobRolloutStore implements RolloutStore {
  readonly #files: BlobFiles;
  readonly #lockWaitMs: number | undefined;
  readonly #leases = new Map<string, string>();

  /** @param lockWaitMs how long the lease of a controller that may have died is waited for; default: until it must have ended */
  constructor(container: ContainerClient, lockWaitMs?: number) {
    this.#files = new BlobFiles(container);
    this.#lockWaitMs = lockWaitMs;
  }

  async lock(name: string): Promise<RolloutLock> {
    const lease = await leaseBlob(this.#files, `${name}/lock`, { rollout: name, waitMs: this.#lockWaitMs });
    this.#leases.set(name, lease.id);
    try {
      await this.#update(name, (document) => ({ ...document, controller: lease.id }), { mayTakeOver: true });
    } catch (error) {
      await lease[Symbol.asyncDispose]();
      throw error;
    }
    return {
      signal: lease.signal,
      [Symbol.asyncDispose]: async () => {
        this.#leases.delete(name);
        await lease[Symbol.asyncDispose]();
      },
    };
  }

  async create(record: RolloutRecord, devices: readonly RolloutDevice[], entry: AuditEntry): Promise<void> {
    if ((await this.#files.readJson(documentOf(record.name))) !== undefined) throw rolloutExists(record.name);
    const folder = `${record.name}/${randomUUID()}`;
    const rings = record.file.rings.map((_, ring) => devices.filter((device) => device.ring === ring));
    for (const [ring, members] of rings.entries()) await this.#files.writeJson(ringOf(folder, ring), members);
    const sizes = rings.map(({ length }) => length);
    const document: RolloutDocument = { record, audit: [entry], sizes, folder, controller: '' };
    const isFirst = await this.#files.writeJson(documentOf(record.name), document, { etag: undefined });
    if (!isFirst) throw rolloutExists(record.name);
  }

  async get(name: string): Promise<RolloutRecord> {
    return (await this.#read(name)).document.record;
  }

  async list(): Promise<readonly RolloutRecord[]> {
    const records: RolloutRecord[] = [];
    for (const name of await this.#files.folders()) {
      const found = await this.#files.readJson(documentOf(name));
      if (found !== undefined) records.push((found.value as RolloutDocument).record);
    }
    return records.toSorted((a, b) => a.createdTime - b.createdTime);
  }

  async change(name: string, change: RolloutChange, entry?: AuditEntry): Promise<void> {
    await this.#update(name, (document) => ({
      ...document,
      record: { ...document.record, ...change },
      audit: entry === undefined ? document.audit : [...document.audit, entry],
    }));
  }

  async auditOf(name: string): Promise<readonly AuditEntry[]> {
    return (await this.#read(name)).document.audit;
  }

  async sizesOf(name: string): Promise<readonly number[]> {
    return (await this.#read(name)).document.sizes;
  }

  async devicesOf(name: string, ring: number): Promise<readonly RolloutDevice[]> {
    const { folder } = (await this.#read(name)).document;
    return ((await this.#files.readJson(ringOf(folder, ring)))?.value ?? []) as RolloutDevice[];
  }

  async keepPast(name: string, ring: number, past: ReadonlyMap<string, DevicePast>): Promise<void> {
    const { folder } = (await this.#read(name)).document;
    const devices = await this.devicesOf(name, ring);
    const kept = devices.map((device) => ({ ...device, before: past.get(device.deviceId) ?? device.before }));
    await this.#files.writeJson(ringOf(folder, ring), kept);
  }

  /** One blob an hour: a blob takes 50,000 pieces, and a look takes longer than the 72 ms at which an hour would have more. */
  async noteLook(name: string, look: RingLook): Promise<void> {
    const { folder } = (await this.#read(name)).document;
    await this.#files.appendLine(looksOf(folder, look.time), JSON.stringify(look));
  }

  async looksOf(name: string, since = 0): Promise<readonly RingLook[]> {
    const { folder } = (await this.#read(name)).document;
    const looks: RingLook[] = [];
    for (const blob of await this.#files.names(`${folder}/looks/`)) {
      if (blob < looksOf(folder, since)) continue;
      for (const line of await this.#files.readLines(blob)) looks.push(JSON.parse(line) as RingLook);
    }
    return looks.filter(({ time }) => time > since);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  async #read(name: string): Promise<{ readonly document: RolloutDocument; readonly etag: string }> {
    const found = await this.#files.readJson(documentOf(name));
    if (found === undefined) throw rolloutNotFound(name, await this.#files.folders());
    return { document: found.value as RolloutDocument, etag: found.etag };
  }

  async #update(
    name: string,
    edit: (document: RolloutDocument) => RolloutDocument,
    { mayTakeOver = false } = {},
  ): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { document, etag } = await this.#read(name);
      const lease = this.#leases.get(name);
      if (!mayTakeOver && lease !== undefined && lease !== document.controller) throw rolloutBusy(name);
      if (await this.#files.writeJson(documentOf(name), edit(document), { etag })) return;
    }
    const text = `cannot change the rollout "${name}": others have changed it ${ATTEMPTS} times meanwhile`;
    throw new IotHubError('HubConflict', text, { details: { rollout: name } });
  }
}

function documentOf(name: string): string {
  return `${name}/rollout.json`;
}

function ringOf(folder: string, ring: number): string {
  return `${folder}/ring-${ring}.json`;
}

function looksOf(folder: string, time: number): string {
  return `${folder}/looks/${String(Math.floor(time / MS_PER_HOUR)).padStart(8, '0')}.jsonl`;
}
