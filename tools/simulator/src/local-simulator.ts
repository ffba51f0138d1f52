import { readFileSync } from 'node:fs';
import type { EdgeDevices } from './edge-devices.ts';
import type { MethodCall, MethodResult } from './hub/direct-method.ts';
import type { Hub } from './hub/hub.ts';
import type { Identity } from './hub/identity.ts';
import type { TelemetryFilter, TelemetryRecord } from './hub/telemetry-record.ts';
import type { ThrottleRequest } from './hub/throttle.ts';
import type { Lifetime } from './lifetime.ts';
import { sendMessages } from './sending/send-messages.ts';
import type { SendResult } from './sending/send-messages.ts';
import type {
  CreateDeviceRequest,
  ModuleCredentials,
  SendRequest,
  Simulator,
  SimulatedDevice,
  SimulatedModule,
  SimulatorInfo,
  WaitForModuleRequest,
} from './simulator-client.ts';
import { SimulatorError } from './simulator-error.ts';
import { waitForModule } from './wait-for-module.ts';

/** The largest number of devices that a listing gives. */
const MAX_LISTED = 10_000;

export interface LocalSimulatorParts {
  /** Asked for only once the simulator is up. */
  readonly info: () => SimulatorInfo;
  readonly hub: Hub;
  readonly edgeDevices: EdgeDevices;
  readonly lifetime: Lifetime;
}

/** The simulator of this process, as its users see it. */
export class LocalSimulator implements Simulator {
  readonly #info: () => SimulatorInfo;
  readonly #hub: Hub;
  readonly #edgeDevices: EdgeDevices;
  readonly #lifetime: Lifetime;

  constructor({ info, hub, edgeDevices, lifetime }: LocalSimulatorParts) {
    this.#info = info;
    this.#hub = hub;
    this.#edgeDevices = edgeDevices;
    this.#lifetime = lifetime;
  }

  get info(): SimulatorInfo {
    return this.#info();
  }

  get ended(): Promise<void> {
    return this.#lifetime.ended;
  }

  async createDevice({ deviceId, edge = false, mqttPort }: CreateDeviceRequest): Promise<SimulatedDevice> {
    this.#hub.createDevice({ deviceId, edge });
    if (mqttPort !== undefined && mqttPort !== 0) this.#edgeDevices.fixPort(deviceId, mqttPort);
    if (edge) await this.#startOrUndo(deviceId);
    return this.#describe(this.#hub.requireIdentity(deviceId));
  }

  async removeDevice(deviceId: string): Promise<void> {
    this.#hub.removeDevice(deviceId);
    await this.#edgeDevices.settled(deviceId);
  }

  async devices(): Promise<SimulatedDevice[]> {
    return this.#hub.devices(MAX_LISTED).map((identity) => this.#describe(identity));
  }

  async device(deviceId: string): Promise<SimulatedDevice> {
    return this.#describe(this.#hub.requireIdentity(deviceId));
  }

  async setOnline(deviceId: string, online: boolean): Promise<SimulatedDevice> {
    const device = await this.#requireEdgeDevice(deviceId);
    device.setOnline(online);
    return await this.device(deviceId);
  }

  async moduleCredentials(deviceId: string, moduleId: string): Promise<ModuleCredentials> {
    const device = await this.#requireEdgeDevice(deviceId);
    if (this.#hub.identity(deviceId, moduleId) === undefined) this.#hub.createModule({ deviceId, moduleId });
    const environment = device.moduleEnvironment(moduleId);
    const module = this.#hub.requireIdentity(deviceId, moduleId);
    const connectionString = [
      `HostName=${this.#hub.hostName}`,
      `DeviceId=${deviceId}`,
      `ModuleId=${moduleId}`,
      `SharedAccessKey=${module.primaryKey}`,
      `GatewayHostName=${device.gateway}`,
    ].join(';');
    return { connectionString, caFile: this.info.caFile, environment };
  }

  async send({ deviceId, moduleId, ...request }: SendRequest): Promise<SendResult> {
    const { connectionString, caFile } = await this.moduleCredentials(deviceId, moduleId);
    return await sendMessages({ ...request, connectionString, ca: readFileSync(caFile, 'utf8') });
  }

  monitor(filter: TelemetryFilter, signal: AbortSignal): AsyncIterable<TelemetryRecord> {
    return this.#hub.telemetry(filter, signal);
  }

  async lastSequenceNumber(): Promise<number> {
    return this.#hub.lastSequenceNumber;
  }

  async waitForModule(request: WaitForModuleRequest): Promise<SimulatedModule> {
    return await waitForModule(this, request);
  }

  async invokeMethod(call: MethodCall): Promise<MethodResult> {
    return await this.#hub.invokeMethod(call);
  }

  async throttle(request: ThrottleRequest): Promise<void> {
    this.#hub.throttle.set(request);
  }

  async stop(): Promise<void> {
    await this.#lifetime.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lifetime.end();
  }

  async #startOrUndo(deviceId: string): Promise<void> {
    try {
      await this.#edgeDevices.started(deviceId);
    } catch (error) {
      this.#hub.removeDevice(deviceId);
      throw error;
    }
  }

  async #requireEdgeDevice(deviceId: string) {
    const identity = this.#hub.requireIdentity(deviceId);
    if (identity.edge) return await this.#edgeDevices.started(deviceId);
    throw new SimulatorError('SimulatorRequestInvalid', `"${deviceId}" is not an edge device`, {
      details: { deviceId },
    });
  }

  #describe(identity: Identity): SimulatedDevice {
    const { deviceId, edge, status } = identity;
    const running = this.#edgeDevices.running(deviceId);
    const states = new Map(running?.modules().map((state) => [state.name, state]));
    const modules = this.#hub.modulesOf(deviceId).map(({ moduleId = '', managedBy }): SimulatedModule => {
      const state = states.get(moduleId);
      return {
        moduleId,
        connectionState: this.#hub.connection(deviceId, moduleId).state,
        ...(managedBy !== undefined && { managedBy }),
        ...(state !== undefined && { state }),
      };
    });
    return {
      deviceId,
      edge,
      status,
      connectionState: this.#hub.connection(deviceId).state,
      connectionString: `HostName=${this.#hub.hostName};DeviceId=${deviceId};SharedAccessKey=${identity.primaryKey}`,
      ...(running !== undefined && { gateway: running.gateway, online: running.isOnline }),
      modules,
    };
  }
}
