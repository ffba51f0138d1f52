import type { DeviceCertificates } from './certificates/device-certificates.ts';
import type { EdgeDevices } from './edge-devices.ts';
import type { Fault, FaultRequest } from './faults/fault.ts';
import type { Feedback } from './hub/cloud-message.ts';
import type { MethodCall, MethodResult } from './hub/direct-method.ts';
import type { Hub } from './hub/hub.ts';
import type { Identity } from './hub/identity.ts';
import type { TelemetryFilter, TelemetryRecord } from './hub/telemetry-record.ts';
import type { ThrottleRequest } from './hub/throttle.ts';
import type { Lifetime } from './lifetime.ts';
import { cloudMessageOf } from './sending/cloud-message-of.ts';
import { replay } from './recording/replay.ts';
import { sendAs } from './sending/send-as.ts';
import type { SendResult } from './sending/send-messages.ts';
import type {
  CloudMessageRequest,
  CreatedDevice,
  CreateDeviceRequest,
  ModuleCredentials,
  ReplayRequest,
  ReplayResult,
  SendRequest,
  Simulator,
  SimulatedDevice,
  SimulatedModule,
  SimulatorInfo,
  WaitForModuleRequest,
} from './simulator-client.ts';
import { SimulatorError } from './simulator-error.ts';
import { waitForModule } from './wait-for-module.ts';

/** MQTT over TLS, which clients take where the host name has no port. */
const MQTT_PORT = 8883;
/** The largest number of devices that a listing gives. */
const MAX_LISTED = 10_000;

export interface LocalSimulatorParts {
  /** Asked for only once the simulator is up. */
  readonly info: () => SimulatorInfo;
  readonly hub: Hub;
  readonly edgeDevices: EdgeDevices;
  readonly lifetime: Lifetime;
  readonly certificates: DeviceCertificates;
}

/** The simulator of this process, as its users see it. */
export class LocalSimulator implements Simulator {
  readonly #info: () => SimulatorInfo;
  readonly #hub: Hub;
  readonly #edgeDevices: EdgeDevices;
  readonly #lifetime: Lifetime;
  readonly #certificates: DeviceCertificates;

  constructor({ info, hub, edgeDevices, lifetime, certificates }: LocalSimulatorParts) {
    this.#certificates = certificates;
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

  async createDevice(request: CreateDeviceRequest): Promise<CreatedDevice> {
    const { deviceId, edge = false, mqttPort, authentication = 'sas', thumbprint, primaryKey } = request;
    this.#hub.createDevice({
      deviceId,
      edge,
      authentication,
      ...(primaryKey !== undefined && { primaryKey }),
      ...(thumbprint !== undefined && { primaryThumbprint: thumbprint.replaceAll(':', '') }),
    });
    if (mqttPort !== undefined && mqttPort !== 0) this.#edgeDevices.fixPort(deviceId, mqttPort);
    if (edge) await this.#startOrUndo(deviceId);
    const needsFiles = authentication !== 'sas' && thumbprint === undefined;
    const files = needsFiles ? await this.#certificates.issue(deviceId) : {};
    return { ...this.#describe(this.#hub.requireIdentity(deviceId)), ...files };
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
    const isEdge = this.#hub.requireIdentity(deviceId).edge;
    const device = isEdge ? await this.#edgeDevices.started(deviceId) : undefined;
    if (this.#hub.identity(deviceId, moduleId) === undefined) this.#hub.createModule({ deviceId, moduleId });
    const { caFile } = this.info;
    if (device === undefined) {
      const { primaryKey } = this.#hub.requireIdentity(deviceId, moduleId);
      const text = `HostName=${this.#mqttHost};DeviceId=${deviceId};ModuleId=${moduleId};SharedAccessKey=${primaryKey}`;
      const environment = { IotHubConnectionString: text, EdgeModuleCACertificateFile: caFile };
      return { connectionString: text, caFile, environment };
    }
    const environment = device.moduleEnvironment(moduleId);
    const module = this.#hub.requireIdentity(deviceId, moduleId);
    const connectionString = [
      `HostName=${this.#hub.hostName}`,
      `DeviceId=${deviceId}`,
      `ModuleId=${moduleId}`,
      `SharedAccessKey=${module.primaryKey}`,
      `GatewayHostName=${device.gateway}`,
    ].join(';');
    return { connectionString, caFile, environment };
  }

  async send(request: SendRequest): Promise<SendResult> {
    return await sendAs(this, request);
  }

  async replay(request: ReplayRequest): Promise<ReplayResult> {
    return await replay(this, request);
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

  async injectFault(request: FaultRequest): Promise<Fault> {
    const { deviceId, moduleId, kind } = request;
    if (deviceId !== undefined) {
      const identity = this.#hub.requireIdentity(deviceId, moduleId);
      if (kind === 'restart' && !identity.edge) throw notEdge(deviceId);
    }
    return await this.#hub.faults.inject(request);
  }

  async faults(): Promise<Fault[]> {
    return this.#hub.faults.list();
  }

  async clearFaults(id?: number): Promise<Fault[]> {
    return await this.#hub.faults.clear(id);
  }

  async sendToDevice(request: CloudMessageRequest): Promise<{ readonly sequenceNumber: number }> {
    const { sequenceNumber } = this.#hub.sendToDevice(request.deviceId, cloudMessageOf(request, this.#hub.now()));
    return { sequenceNumber };
  }

  async takeFeedback(): Promise<Feedback[]> {
    this.#hub.cloudMessages.endExpired();
    return this.#hub.cloudMessages.feedback.take(MAX_LISTED);
  }

  async purgeMessages(deviceId: string): Promise<{ readonly purged: number }> {
    return { purged: this.#hub.cloudMessages.purge(this.#hub.requireIdentity(deviceId)) };
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
    throw notEdge(deviceId);
  }

  /** The hub's name as clients take it that know MQTT's usual port. */
  get #mqttHost(): string {
    const { mqttPort } = this.info;
    return mqttPort === MQTT_PORT ? this.#hub.hostName : `${this.#hub.hostName}:${mqttPort}`;
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
      connectionString: `HostName=${edge ? this.#hub.hostName : this.#mqttHost};DeviceId=${deviceId};${secretOf(identity)}`,
      cloudMessages: this.#hub.cloudMessages.count(deviceId),
      ...(running !== undefined && {
        gateway: running.gateway,
        online: running.isOnline,
        metricsUrls: running.metricsUrls,
        edgeHttpsPort: running.httpsPort,
      }),
      modules,
    };
  }
}

function secretOf({ authentication, primaryKey }: Identity): string {
  return authentication === 'sas' ? `SharedAccessKey=${primaryKey}` : 'x509=true';
}

function notEdge(deviceId: string): SimulatorError {
  return new SimulatorError('SimulatorRequestInvalid', `"${deviceId}" is not an edge device`, {
    details: { deviceId },
  });
}
