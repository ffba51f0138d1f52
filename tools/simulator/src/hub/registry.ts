import { randomBytes, randomInt } from 'node:crypto';
import { DocumentTable } from '../state/document-table.ts';
import type { StateDatabase } from '../state/state-database.ts';
import { hubFault } from './hub-fault.ts';
import { identityText } from './identity.ts';
import type { Identity, IdentityChange, IdentityName, NewDevice, NewModule } from './identity.ts';

/** IoT Hub's limits (50 modules is the limit for one deployment; a device may have more identities). */
const MAX_DEVICES = 1_000_000;
const MAX_MODULES_ON_DEVICE = 100;

const ID_PATTERN = /^[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}$/;
const KEY_PATTERN = /^[A-Za-z0-9+/]+={0,2}$/;

/** What may change in an identity: everything but its name and generation. */
export type IdentityUpdate = Partial<Omit<Identity, 'deviceId' | 'moduleId' | 'generationId' | 'etag'>>;

/** Devices and modules, as IoT Hub's identity registry keeps them. */
export class Registry {
  readonly #database: StateDatabase;
  readonly #table: DocumentTable<Identity>;
  readonly #now: () => number;
  readonly #listeners = new Set<(change: IdentityChange) => void>();

  constructor(database: StateDatabase, now: () => number) {
    this.#database = database;
    this.#table = new DocumentTable<Identity>(database, 'identities');
    this.#now = now;
  }

  get(deviceId: string, moduleId?: string): Identity | undefined {
    return this.#table.get(deviceId, moduleId);
  }

  /** @throws SimulatorError `SimulatedDeviceNotFound` */
  require(deviceId: string, moduleId?: string): Identity {
    const device = this.#table.get(deviceId);
    if (device === undefined) {
      throw hubFault('DeviceNotFound', `there is no device "${deviceId}"`, { deviceId });
    }
    if (moduleId === undefined) return device;
    const module = this.#table.get(deviceId, moduleId);
    if (module === undefined) {
      throw hubFault('ModuleNotFound', `device "${deviceId}" has no module "${moduleId}"`, { deviceId, moduleId });
    }
    return module;
  }

  devices(limit: number, after?: string): Identity[] {
    return this.#table.devices(limit, after);
  }

  modules(limit: number, after?: IdentityName): Identity[] {
    return this.#table.modules(limit, after);
  }

  modulesOf(deviceId: string): Identity[] {
    return this.#table.modulesOf(deviceId);
  }

  deviceCounts(): { readonly total: number; readonly disabled: number } {
    return { total: this.#table.deviceCount(), disabled: this.#table.deviceCount('$.status', 'disabled') };
  }

  create(wanted: NewDevice | NewModule): Identity {
    checkId('device', wanted.deviceId);
    if ('moduleId' in wanted) this.#checkNewModule(wanted.deviceId, wanted.moduleId);
    else this.#checkNewDevice(wanted.deviceId);
    const made = this.#make(wanted);
    this.#put(made, 'created');
    return made;
  }

  /** Puts `update` over what is there. A key that is given empty is made anew, one that is not given stays. */
  update(name: IdentityName, update: IdentityUpdate): Identity {
    const before = this.require(name.deviceId, name.moduleId);
    const statusChanged = update.status !== undefined && update.status !== before.status;
    const after: Identity = {
      ...before,
      ...update,
      ...(statusChanged && { statusUpdatedTime: new Date(this.#now()).toISOString() }),
      etag: newEtag(),
    };
    const whole = withKeys(after);
    this.#put(whole, 'updated');
    return whole;
  }

  /** Removes a device with its modules, or one module. */
  remove(name: IdentityName): Identity[] {
    const first = this.require(name.deviceId, name.moduleId);
    const removed = name.moduleId === undefined ? [...this.modulesOf(name.deviceId), first] : [first];
    this.#database.transaction(() => {
      for (const identity of removed) {
        this.#table.remove(identity.deviceId, identity.moduleId);
        this.#tell('removed', identity);
      }
    });
    return removed;
  }

  onChange(listener: (change: IdentityChange) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  #make(wanted: NewDevice | NewModule): Identity {
    const authentication = wanted.authentication ?? 'sas';
    const generationId = newGenerationId(this.#now());
    const made: Identity = {
      ...wanted,
      generationId,
      etag: newEtag(),
      authentication,
      primaryKey: authentication === 'sas' ? (wanted.primaryKey ?? '') : '',
      secondaryKey: authentication === 'sas' ? (wanted.secondaryKey ?? '') : '',
      edge: !('moduleId' in wanted) && wanted.edge === true,
      status: wanted.status ?? 'enabled',
      // an edge device is its own scope; that is how leaf devices name their parent
      ...(wanted.edge === true && { deviceScope: `ms-azure-iot-edge://${wanted.deviceId}-${generationId}` }),
    };
    return withKeys(made);
  }

  #checkNewDevice(deviceId: string): void {
    if (this.#table.get(deviceId) !== undefined) {
      throw hubFault('DeviceAlreadyExists', `there is a device "${deviceId}" already`, { deviceId });
    }
    if (this.#table.deviceCount() >= MAX_DEVICES) {
      throw hubFault('TooManyDevices', `cannot create device "${deviceId}": a hub holds ${MAX_DEVICES} devices`, {
        deviceId,
        limit: MAX_DEVICES,
      });
    }
  }

  #checkNewModule(deviceId: string, moduleId: string): void {
    this.require(deviceId);
    checkId('module', moduleId);
    const siblings = this.modulesOf(deviceId);
    if (siblings.some((sibling) => sibling.moduleId === moduleId)) {
      throw hubFault('ModuleAlreadyExistsOnDevice', `device "${deviceId}" has a module "${moduleId}" already`, {
        deviceId,
        moduleId,
      });
    }
    if (siblings.length >= MAX_MODULES_ON_DEVICE) {
      throw hubFault(
        'TooManyModulesOnDevice',
        `cannot create module "${moduleId}": device "${deviceId}" has ${siblings.length} modules, the most that a device may have`,
        { deviceId, moduleId, limit: MAX_MODULES_ON_DEVICE },
      );
    }
  }

  #put(identity: Identity, kind: IdentityChange['kind']): void {
    checkKey(identity, 'primaryKey');
    checkKey(identity, 'secondaryKey');
    this.#table.put(identity);
    this.#tell(kind, identity);
  }

  #tell(kind: IdentityChange['kind'], { deviceId, moduleId }: IdentityName): void {
    const change = { kind, deviceId, ...(moduleId !== undefined && { moduleId }) };
    this.#database.afterCommit(() => {
      for (const listener of this.#listeners) listener(change);
    });
  }
}

function withKeys(identity: Identity): Identity {
  if (identity.authentication !== 'sas') return { ...identity, primaryKey: '', secondaryKey: '' };
  return {
    ...identity,
    primaryKey: identity.primaryKey || randomBytes(32).toString('base64'),
    secondaryKey: identity.secondaryKey || randomBytes(32).toString('base64'),
  };
}

function checkId(kind: 'device' | 'module', id: string): void {
  if (ID_PATTERN.test(id)) return;
  throw hubFault(
    'ArgumentInvalid',
    `cannot create a ${kind} with the id ${JSON.stringify(id)}: an id has 1 to 128 characters of a-z A-Z 0-9 - : . + % _ # * ? ! ( ) , = @ ; $ '`,
    { [`${kind}Id`]: id },
  );
}

function checkKey(identity: Identity, name: 'primaryKey' | 'secondaryKey'): void {
  const key = identity[name];
  if (key === '') return;
  const bytes = Buffer.from(key, 'base64').length;
  if (KEY_PATTERN.test(key) && bytes >= 16 && bytes <= 64) return;
  throw hubFault('ArgumentInvalid', `the ${name} of "${identityText(identity)}" is not the base64 of 16 to 64 bytes`, {
    deviceId: identity.deviceId,
    part: name,
  });
}

/** IoT Hub's registry tags are base64 of a decimal number. */
function newEtag(): string {
  return Buffer.from(String(randomInt(10_000_000, 999_999_999))).toString('base64');
}

/** IoT Hub's generation ids are a time in 100 ns ticks since the year 1. */
function newGenerationId(now: number): string {
  return String(BigInt(now) * 10_000n + 621_355_968_000_000_000n + BigInt(randomInt(10_000)));
}
