import type { Hub } from '../hub/hub.ts';
import { identityText } from '../hub/identity.ts';
import type { IdentityName } from '../hub/identity.ts';
import { differenceBetween, isObject, mergeObject } from '../hub/twin-section.ts';
import type { JsonObject } from '../hub/twin.ts';
import { SimulatorError } from '../simulator-error.ts';
import type { ClientDirectory } from './client-directory.ts';
import type { Client } from './client.ts';
import type { EdgeHubDatabase } from './edge-hub-database.ts';
import { outboundTopics } from './mqtt-topics.ts';

/** One half of a twin: its properties and how often they changed. */
interface Section {
  readonly properties: JsonObject;
  readonly version: number;
}

/** What is known of a twin while the hub cannot be asked. */
interface CachedTwin {
  readonly desired: Section;
  readonly reported: Section;
  /** What was reported meanwhile and the hub does not know yet. */
  readonly pending: JsonObject | undefined;
}

export interface TwinServiceOptions {
  readonly hub: Hub;
  /** The edge device. */
  readonly deviceId: string;
  readonly database: EdgeHubDatabase;
  readonly clients: ClientDirectory;
}

/**
 * The twins of an edge device's clients: the hub's own while the device is online, copies while it is not. Reported
 * properties that were taken offline go to the hub when it is back, and clients then hear what they missed.
 */
export class TwinService {
  readonly #hub: Hub;
  readonly #deviceId: string;
  readonly #clients: ClientDirectory;
  readonly #cache: TwinCache;
  readonly #watches = new Map<Client, Disposable>();
  #isOnline = true;

  constructor({ hub, deviceId, database, clients }: TwinServiceOptions) {
    this.#hub = hub;
    this.#deviceId = deviceId;
    this.#clients = clients;
    this.#cache = new TwinCache(database);
    this.#synchronise();
    clients.listen({
      subscribed: (client, kind) => {
        if (kind === 'desiredProperties') this.#watch(client);
      },
      unsubscribed: (client, kind) => {
        if (kind === 'desiredProperties') this.#unwatch(client);
      },
      disconnected: (client) => this.#unwatch(client),
    });
  }

  /**
   * A twin in the form in which clients get it.
   *
   * @throws SimulatorError when the twin is not there, or not known while offline
   */
  read(name: IdentityName): { desired: JsonObject; reported: JsonObject } {
    const { desired, reported } = this.#isOnline ? this.#hub.twin(name.deviceId, name.moduleId) : this.#cached(name);
    return { desired: versioned(desired), reported: versioned(reported) };
  }

  /** Merges into the reported properties; null removes. */
  report(name: IdentityName, patch: JsonObject): void {
    if (this.#isOnline) {
      this.#hub.patchReported(name.deviceId, name.moduleId, patch);
      return;
    }
    const cached = this.#cached(name);
    const { properties, version } = cached.reported;
    this.#cache.put(identityText(name), {
      ...cached,
      reported: { properties: mergeObject(properties, patch), version: version + 1 },
      pending: cached.pending === undefined ? patch : composePatches(cached.pending, patch),
    });
  }

  /** Goes on with the hub, or without it. */
  setOnline(isOnline: boolean): void {
    if (isOnline === this.#isOnline) return;
    if (!isOnline) this.#copyAll();
    this.#isOnline = isOnline;
    if (isOnline) this.#synchronise();
  }

  #cached(name: IdentityName): CachedTwin {
    const cached = this.#cache.get(identityText(name));
    if (cached !== undefined) return cached;
    throw new SimulatorError(
      'SimulatedTargetOffline',
      `cannot reach the twin of "${identityText(name)}": the device is offline and has no copy of it`,
      { details: { ...name } },
    );
  }

  #copyAll(): void {
    const connected = this.#clients.all().map((client) => client.identity);
    for (const identity of [...this.#hub.modulesOf(this.#deviceId), ...connected]) {
      const { desired, reported } = this.#hub.twin(identity.deviceId, identity.moduleId);
      this.#cache.put(identityText(identity), { desired, reported, pending: undefined });
    }
  }

  #synchronise(): void {
    for (const [name, cached] of this.#cache.all()) {
      const [deviceId = '', moduleId] = name.split('/');
      if (this.#hub.identity(deviceId, moduleId) !== undefined) {
        if (cached.pending !== undefined) this.#hub.patchReported(deviceId, moduleId, cached.pending);
        const client = this.#clients.get(name);
        if (client !== undefined && this.#watches.has(client)) this.#catchUp(client, cached.desired);
      }
      this.#cache.remove(name);
    }
  }

  /** Sends a client what changed while the device was offline. */
  #catchUp(client: Client, known: Section): void {
    const { desired } = this.#hub.twin(client.identity.deviceId, client.identity.moduleId);
    if (desired.version > known.version) {
      sendDesired(client, differenceBetween(known.properties, desired.properties), desired.version);
    }
  }

  #watch(client: Client): void {
    this.#unwatch(client);
    const { deviceId, moduleId } = client.identity;
    const watch = this.#hub.onDesired(deviceId, moduleId, (patch, full) => {
      if (this.#isOnline) sendDesired(client, patch, full.version);
    });
    this.#watches.set(client, watch);
  }

  #unwatch(client: Client): void {
    this.#watches.get(client)?.[Symbol.dispose]();
    this.#watches.delete(client);
  }
}

/** The copies, on disk. */
class TwinCache {
  readonly #get;
  readonly #all;
  readonly #put;
  readonly #remove;

  constructor(database: EdgeHubDatabase) {
    this.#get = database.prepare('SELECT * FROM twins WHERE client = ?');
    this.#all = database.prepare('SELECT * FROM twins');
    this.#put = database.prepare(
      'INSERT OR REPLACE INTO twins (client, desired, reported, pending) VALUES (?, ?, ?, ?)',
    );
    this.#remove = database.prepare('DELETE FROM twins WHERE client = ?');
  }

  get(client: string): CachedTwin | undefined {
    const row = this.#get.get(client) as Row | undefined;
    return row === undefined ? undefined : cachedTwin(row);
  }

  all(): [string, CachedTwin][] {
    return (this.#all.all() as unknown as Row[]).map((row) => [row.client, cachedTwin(row)]);
  }

  put(client: string, { desired, reported, pending }: CachedTwin): void {
    const section = ({ properties, version }: Section) => JSON.stringify({ properties, version });
    this.#put.run(client, section(desired), section(reported), pending === undefined ? null : JSON.stringify(pending));
  }

  remove(client: string): void {
    this.#remove.run(client);
  }
}

interface Row {
  readonly client: string;
  readonly desired: string;
  readonly reported: string;
  readonly pending: string | null;
}

function cachedTwin(row: Row): CachedTwin {
  return {
    desired: JSON.parse(row.desired) as Section,
    reported: JSON.parse(row.reported) as Section,
    pending: row.pending === null ? undefined : (JSON.parse(row.pending) as JsonObject),
  };
}

function versioned({ properties, version }: Section): JsonObject {
  return { ...properties, $version: version };
}

function sendDesired(client: Client, patch: JsonObject, version: number): void {
  client.send(outboundTopics.desiredPatch(version), Buffer.from(JSON.stringify({ ...patch, $version: version })));
}

/** The patch that does what both do, one after the other. */
function composePatches(first: JsonObject, second: JsonObject): JsonObject {
  const composed: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = Object.hasOwn(composed, key) ? composed[key] : undefined;
    composed[key] = isObject(value) && isObject(before) ? composePatches(before, value) : value;
  }
  return composed;
}
