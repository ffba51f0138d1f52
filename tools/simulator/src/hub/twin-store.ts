import { DocumentTable } from '../state/document-table.ts';
import type { StateDatabase } from '../state/state-database.ts';
import { hubFault } from './hub-fault.ts';
import { identityText } from './identity.ts';
import type { IdentityName } from './identity.ts';
import { checkTwinPatch, checkTwinSize } from './twin-limits.ts';
import { differenceBetween, emptySection, mergeObject, patchSection } from './twin-section.ts';
import type { ConfigurationState, DesiredListener, JsonObject, Twin, TwinSection } from './twin.ts';

/** A change of tags and desired properties together. */
export interface TwinUpdate {
  readonly tags?: JsonObject;
  readonly desired?: JsonObject;
}

/** The twins of devices and modules. */
export class TwinStore {
  readonly #database: StateDatabase;
  readonly #table: DocumentTable<Twin>;
  readonly #now: () => number;
  readonly #desired = new Map<string, Set<DesiredListener>>();
  readonly #changes = new Set<(name: IdentityName) => void>();

  constructor(database: StateDatabase, now: () => number) {
    this.#database = database;
    this.#table = new DocumentTable<Twin>(database, 'twins');
    this.#now = now;
  }

  create({ deviceId, moduleId }: IdentityName): void {
    const at = this.#time();
    this.#table.put({
      deviceId,
      ...(moduleId !== undefined && { moduleId }),
      etag: etagOf(1n),
      version: 2,
      tags: {},
      desired: emptySection('desired', at),
      reported: emptySection('reported', at),
    });
  }

  remove({ deviceId, moduleId }: IdentityName): void {
    this.#table.remove(deviceId, moduleId);
  }

  get(deviceId: string, moduleId?: string): Twin | undefined {
    return this.#table.get(deviceId, moduleId);
  }

  /** @throws SimulatorError `SimulatedDeviceNotFound` */
  require(deviceId: string, moduleId?: string): Twin {
    const twin = this.#table.get(deviceId, moduleId);
    if (twin !== undefined) return twin;
    if (moduleId === undefined) {
      throw hubFault('DeviceNotFound', `there is no device "${deviceId}"`, { deviceId });
    }
    throw hubFault('ModuleNotFound', `there is no module "${moduleId}" on device "${deviceId}"`, {
      deviceId,
      moduleId,
    });
  }

  devices(limit: number, after?: string): Twin[] {
    return this.#table.devices(limit, after);
  }

  modules(limit: number, after?: IdentityName): Twin[] {
    return this.#table.modules(limit, after);
  }

  /** Merges into the reported properties and returns their new version. */
  patchReported(name: IdentityName, patch: JsonObject): number {
    const before = this.require(name.deviceId, name.moduleId);
    checkTwinPatch('properties.reported', patch);
    const reported = patchSection(before.reported, patch, { half: 'reported', at: this.#time() });
    checkTwinSize('properties.reported', reported.properties);
    this.#put({ ...before, reported, version: before.version + 1 });
    return reported.version;
  }

  /** Merges into tags and desired properties; null removes. */
  patch(name: IdentityName, update: TwinUpdate): Twin {
    const before = this.require(name.deviceId, name.moduleId);
    const tags = update.tags === undefined ? before.tags : merged('tags', before.tags, update.tags);
    return this.#write(before, tags, update.desired);
  }

  /** Puts tags and desired properties in the place of what is there; what is not given stays. */
  replace(name: IdentityName, update: TwinUpdate): Twin {
    const before = this.require(name.deviceId, name.moduleId);
    const tags = update.tags === undefined ? before.tags : merged('tags', {}, update.tags);
    const desired =
      update.desired === undefined
        ? undefined
        : differenceBetween(before.desired.properties, merged('properties.desired', {}, update.desired));
    return this.#write(before, tags, desired);
  }

  /** Notes which deployments target a twin. That is no change of the twin: versions and listeners do not hear of it. */
  setDeployments(name: IdentityName, states: Readonly<Record<string, ConfigurationState>>, mark: string): void {
    const twin = this.require(name.deviceId, name.moduleId);
    this.#table.put({ ...twin, configurations: states, deploymentMark: mark });
  }

  onDesired(name: IdentityName, listener: DesiredListener): Disposable {
    const key = identityText(name);
    const listeners = this.#desired.get(key) ?? new Set();
    this.#desired.set(key, listeners.add(listener));
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#desired.get(key) === listeners) this.#desired.delete(key);
      },
    };
  }

  /** Told of every change of any twin. */
  onChange(listener: (name: IdentityName) => void): Disposable {
    this.#changes.add(listener);
    return { [Symbol.dispose]: () => this.#changes.delete(listener) };
  }

  #write(before: Twin, tags: JsonObject, patch: JsonObject | undefined): Twin {
    let desired: TwinSection = before.desired;
    if (patch !== undefined) {
      checkTwinPatch('properties.desired', patch);
      desired = patchSection(before.desired, patch, { half: 'desired', at: this.#time() });
      checkTwinSize('properties.desired', desired.properties);
    }
    const after: Twin = { ...before, tags, desired, version: before.version + 1, etag: nextEtag(before.etag) };
    this.#put(after);
    if (patch !== undefined) this.#database.afterCommit(() => this.#tellDesired(after, patch));
    return after;
  }

  #put(twin: Twin): void {
    this.#table.put(twin);
    const name = { deviceId: twin.deviceId, ...(twin.moduleId !== undefined && { moduleId: twin.moduleId }) };
    this.#database.afterCommit(() => {
      for (const listener of this.#changes) listener(name);
    });
  }

  #tellDesired(twin: Twin, patch: JsonObject): void {
    for (const listener of this.#desired.get(identityText(twin)) ?? []) listener(patch, twin.desired);
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }
}

function merged(part: 'tags' | 'properties.desired', base: JsonObject, patch: JsonObject): JsonObject {
  checkTwinPatch(part, patch);
  const whole = mergeObject(base, patch);
  checkTwinSize(part, whole);
  return whole;
}

/** IoT Hub's twin tags are the base64 of a counter of eight bytes. */
function etagOf(counter: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(counter);
  return bytes.toString('base64');
}

function nextEtag(etag: string): string {
  return etagOf(Buffer.from(etag, 'base64').readBigUInt64BE() + 1n);
}
