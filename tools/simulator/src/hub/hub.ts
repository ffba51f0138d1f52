import type { StateDatabase } from '../state/state-database.ts';
import { FaultPlan } from '../faults/fault-plan.ts';
import type { CloudMessage, NewCloudMessage } from './cloud-message.ts';
import { CloudMessages } from './cloud-messages.ts';
import { ConnectionRegister } from './connection-register.ts';
import type { MethodCall, MethodHandler, MethodResult } from './direct-method.ts';
import { Registry } from './registry.ts';
import type { IdentityUpdate } from './registry.ts';
import type {
  Connection,
  ConnectionState,
  Identity,
  IdentityChange,
  IdentityName,
  NewDevice,
  NewModule,
} from './identity.ts';
import { MethodDispatch } from './method-dispatch.ts';
import { TelemetryLog } from './telemetry-log.ts';
import type { TelemetryFilter, TelemetryMessage, TelemetryRecord } from './telemetry-record.ts';
import { Throttle } from './throttle.ts';
import { TwinStore } from './twin-store.ts';
import type { TwinUpdate } from './twin-store.ts';
import type { ConfigurationState, DesiredListener, JsonObject, Twin } from './twin.ts';

/** The module identities that IoT Hub gives every edge device. */
export const systemModules = ['$edgeAgent', '$edgeHub'] as const;

export interface HubOptions {
  /** What devices and tokens call the hub: the host name of its connection string. */
  readonly hostName: string;
  readonly database: StateDatabase;
  /** Milliseconds since 1970; `Date.now` unless a test has another clock. */
  readonly now?: () => number;
}

/**
 * The simulated IoT Hub itself, without any protocol: what its REST service, the edge devices and the control interface
 * all work on.
 *
 * Writes are on disk when a method returns. Listeners are called after that, and must not throw.
 */
export class Hub {
  readonly hostName: string;
  /** The hub's clock, which may be told to go wrong. Milliseconds since 1970. */
  readonly now: () => number;
  /** What is to go wrong, at the hub and at its edge devices. */
  readonly faults: FaultPlan;
  readonly cloudMessages: CloudMessages;
  /** Refuses requests to the service API, on demand. */
  readonly throttle: Throttle;
  readonly #database: StateDatabase;
  readonly #registry: Registry;
  readonly #twins: TwinStore;
  readonly #connections: ConnectionRegister;
  readonly #methods = new MethodDispatch();
  readonly #telemetry: TelemetryLog;

  constructor({ hostName, database, now = Date.now }: HubOptions) {
    this.hostName = hostName;
    this.faults = new FaultPlan(now);
    this.now = () => now() + this.faults.skewMs;
    this.throttle = new Throttle(this.faults);
    this.#database = database;
    this.#registry = new Registry(database, this.now);
    this.#twins = new TwinStore(database, this.now);
    this.#connections = new ConnectionRegister(this.now);
    this.#telemetry = new TelemetryLog(database, this.now);
    this.cloudMessages = new CloudMessages({
      database,
      now: this.now,
      device: (deviceId) => this.#registry.get(deviceId),
    });
  }

  /** A device, or a module of it; undefined when there is none. */
  identity(deviceId: string, moduleId?: string): Identity | undefined {
    return this.#registry.get(deviceId, moduleId);
  }

  /** As `identity`. @throws SimulatorError `SimulatedDeviceNotFound` */
  requireIdentity(deviceId: string, moduleId?: string): Identity {
    return this.#registry.require(deviceId, moduleId);
  }

  /** At most `limit` devices in the order of their ids, after the one named. */
  devices(limit: number, after?: string): Identity[] {
    return this.#registry.devices(limit, after);
  }

  modulesOf(deviceId: string): Identity[] {
    this.#registry.require(deviceId);
    return this.#registry.modulesOf(deviceId);
  }

  deviceCounts(): { readonly total: number; readonly disabled: number } {
    return this.#registry.deviceCounts();
  }

  /** Makes a device with its twin; an edge device also gets its `$edgeAgent` and `$edgeHub`. */
  createDevice(device: NewDevice): Identity {
    return this.#database.transaction(() => {
      const made = this.#create(device);
      if (made.edge) this.#createSystemModules(made.deviceId);
      return made;
    });
  }

  createModule(module: NewModule): Identity {
    return this.#database.transaction(() => this.#create(module));
  }

  updateIdentity(name: IdentityName, update: IdentityUpdate): Identity {
    return this.#database.transaction(() => {
      const after = this.#registry.update(name, update);
      if (after.edge) this.#createSystemModules(after.deviceId);
      return after;
    });
  }

  /** Removes a device with its modules and twins. */
  removeDevice(deviceId: string): void {
    this.#remove({ deviceId });
  }

  removeModule(deviceId: string, moduleId: string): void {
    this.#remove({ deviceId, moduleId });
  }

  /** Told of every identity that is created, updated or removed. */
  onIdentity(listener: (change: IdentityChange) => void): Disposable {
    return this.#registry.onChange(listener);
  }

  /** @throws SimulatorError `SimulatedDeviceNotFound` */
  twin(deviceId: string, moduleId?: string): Twin {
    return this.#twins.require(deviceId, moduleId);
  }

  /** At most `limit` device twins in the order of their ids, after the one named. */
  deviceTwins(limit: number, after?: string): Twin[] {
    return this.#twins.devices(limit, after);
  }

  /** At most `limit` module twins of all devices, after the one named. */
  moduleTwins(limit: number, after?: IdentityName): Twin[] {
    return this.#twins.modules(limit, after);
  }

  /**
   * Merges into the reported properties; null removes.
   *
   * @returns the new version of the reported properties
   */
  patchReported(deviceId: string, moduleId: string | undefined, patch: JsonObject): number {
    return this.#database.transaction(() => this.#twins.patchReported(nameOf(deviceId, moduleId), patch));
  }

  /** Merges into the desired properties; null removes. */
  patchDesired(deviceId: string, moduleId: string | undefined, patch: JsonObject): Twin {
    return this.patchTwin(nameOf(deviceId, moduleId), { desired: patch });
  }

  /** Merges into tags and desired properties at once; null removes. */
  patchTwin(name: IdentityName, update: TwinUpdate): Twin {
    return this.#database.transaction(() => this.#twins.patch(name, update));
  }

  /** Puts tags and desired properties in the place of those that are there; what is not given stays. */
  replaceTwin(name: IdentityName, update: TwinUpdate): Twin {
    return this.#database.transaction(() => this.#twins.replace(name, update));
  }

  /** Notes which deployments target a device or module, and from which it got its desired properties. */
  setDeployments(name: IdentityName, states: Readonly<Record<string, ConfigurationState>>, mark: string): void {
    this.#twins.setDeployments(name, states, mark);
  }

  onDesired(deviceId: string, moduleId: string | undefined, listener: DesiredListener): Disposable {
    return this.#twins.onDesired(nameOf(deviceId, moduleId), listener);
  }

  /** Told of every change of any twin, tags and reported properties included. */
  onTwin(listener: (name: IdentityName) => void): Disposable {
    return this.#twins.onChange(listener);
  }

  setConnectionState(deviceId: string, moduleId: string | undefined, state: ConnectionState): void {
    this.#connections.set(nameOf(deviceId, moduleId), state);
  }

  connection(deviceId: string, moduleId?: string): Connection {
    return this.#connections.get(nameOf(deviceId, moduleId));
  }

  connectedDeviceCount(): number {
    return this.#connections.connectedCount();
  }

  /** Takes a device-to-cloud message; it is safe when this returns. */
  acceptTelemetry(message: TelemetryMessage): TelemetryRecord {
    this.#connections.touch(message);
    return this.#telemetry.append(message);
  }

  /** Takes several at once, all or none; much faster than one by one. */
  acceptTelemetryBatch(messages: readonly TelemetryMessage[]): TelemetryRecord[] {
    return this.#database.transaction(() => messages.map((message) => this.acceptTelemetry(message)));
  }

  get lastSequenceNumber(): number {
    return this.#telemetry.lastSequenceNumber;
  }

  /** Reads messages as they come, from now on unless the filter says after which one, until the signal ends it. */
  telemetry(filter: TelemetryFilter, signal: AbortSignal): AsyncIterable<TelemetryRecord> {
    return this.#telemetry.read(filter, signal);
  }

  /**
   * Puts a message into the queue of a device.
   *
   * @throws SimulatorError `SimulatedDeviceNotFound`, `SimulatedHubQuotaExceeded`, `SimulatorRequestInvalid`
   */
  sendToDevice(deviceId: string, message: NewCloudMessage): CloudMessage {
    return this.cloudMessages.send(this.#registry.require(deviceId), message);
  }

  /** Listens for direct methods in the name of a device or module. */
  attachMethods(deviceId: string, moduleId: string | undefined, handler: MethodHandler): Disposable {
    return this.#methods.attach(nameOf(deviceId, moduleId), handler);
  }

  /** Calls a direct method. */
  async invokeMethod(call: MethodCall): Promise<MethodResult> {
    this.#registry.require(call.deviceId, call.moduleId);
    return this.#methods.invoke(call);
  }

  /** Runs `action` so that all of its changes are kept, or none. */
  atomically<Result>(action: () => Result): Result {
    return this.#database.transaction(action);
  }

  #create(wanted: NewDevice | NewModule): Identity {
    const made = this.#registry.create(wanted);
    this.#twins.create(made);
    return made;
  }

  #createSystemModules(deviceId: string): void {
    for (const moduleId of systemModules) {
      if (this.#registry.get(deviceId, moduleId) === undefined) this.#create({ deviceId, moduleId });
    }
  }

  #remove(name: IdentityName): void {
    this.#database.transaction(() => {
      for (const removed of this.#registry.remove(name)) {
        this.#twins.remove(removed);
        if (removed.moduleId === undefined) this.cloudMessages.forget(removed.deviceId);
        this.#database.afterCommit(() => this.#connections.remove(removed));
      }
    });
  }
}

function nameOf(deviceId: string, moduleId: string | undefined): IdentityName {
  return { deviceId, ...(moduleId !== undefined && { moduleId }) };
}
