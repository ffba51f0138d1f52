import type { ModuleState } from './agent/module-state.ts';
import type { DevelopmentInfo } from './development/development-options.ts';
import type { DeviceCertificateFiles } from './certificates/device-certificate-files.ts';
import type { Fault, FaultRequest } from './faults/fault.ts';
import type { Acknowledgement, Feedback } from './hub/cloud-message.ts';
import type { MethodCall, MethodResult } from './hub/direct-method.ts';
import type { ConnectionState } from './hub/identity.ts';
import type { TelemetryFilter, TelemetryRecord } from './hub/telemetry-record.ts';
import type { ThrottleRequest } from './hub/throttle.ts';
import type { OutgoingMessage } from './sending/outgoing-message.ts';
import type { SendResult } from './sending/send-messages.ts';

/** Where a simulator is reached, and with what. */
export interface SimulatorInfo {
  readonly stateDirectory: string;
  /** The process that it runs in, when that was told. */
  readonly processId?: number;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The hub's host name, as tokens and connection strings have it; REST is on `httpsPort` of it. */
  readonly hubHostName: string;
  /** The hub owner's connection string. A secret. */
  readonly connectionString: string;
  /** PEM file with the root certificate that clients must trust. */
  readonly caFile: string;
  readonly httpsPort: number;
  /** The hub's own MQTT over TLS; over WebSocket it is on `httpsPort`. */
  readonly mqttPort: number;
  /** The control interface's port. */
  readonly httpPort: number;
  readonly pageUrl: string;
  /** The edge device to develop with, if one was asked for. */
  readonly development?: DevelopmentInfo;
}

export interface SimulatedModule {
  readonly moduleId: string;
  readonly connectionState: ConnectionState;
  /** `IotEdge` when a deployment made it. */
  readonly managedBy?: string;
  /** How its process fares; only when the edge agent runs it. */
  readonly state?: ModuleState;
}

export interface SimulatedDevice {
  readonly deviceId: string;
  readonly edge: boolean;
  readonly status: 'enabled' | 'disabled';
  readonly connectionState: ConnectionState;
  /** The device's own connection string; of a device that is no edge device with the hub's MQTT port. A secret. */
  readonly connectionString: string;
  /** `host:port` of its edgeHub; only for edge devices. */
  readonly gateway?: string;
  /** Prometheus metrics of its edgeHub and its agent; only for edge devices. */
  readonly metricsUrls?: { readonly edgeHub: string; readonly edgeAgent: string };
  /** Where its edgeHub takes direct methods from modules; only for edge devices. */
  readonly edgeHttpsPort?: number;
  /** False while an edge device is cut off from the hub. */
  readonly online?: boolean;
  readonly modules: readonly SimulatedModule[];
  /** How many cloud-to-device messages wait for it. */
  readonly cloudMessages: number;
}

/** A device that was made just now, with what it needs to connect. */
export type CreatedDevice = SimulatedDevice & Partial<DeviceCertificateFiles>;

export interface CreateDeviceRequest {
  readonly deviceId: string;
  /** True for an edge device; its edgeHub and agent then start at once. */
  readonly edge?: boolean;
  /** Where the edgeHub of an edge device listens: now, and after every restart. Without it: any free port, kept if it can be. */
  readonly mqttPort?: number;
  /** How it proves who it is; default `sas`. */
  readonly authentication?: 'sas' | 'selfSigned' | 'certificateAuthority';
  /** Of its certificate, in hexadecimal, for `selfSigned`. Without it the simulator makes a certificate and says where it is. */
  readonly thumbprint?: string;
  /** Base64; made up when it is not given. */
  readonly primaryKey?: string;
}

/** A cloud-to-device message to be sent. */
export interface CloudMessageRequest {
  readonly deviceId: string;
  /** Text as it is; bytes as they are; anything else as JSON. */
  readonly body: unknown;
  readonly properties?: Readonly<Record<string, string>>;
  readonly messageId?: string;
  readonly correlationId?: string;
  /** Of which endings the sender wants to hear; default `none`. */
  readonly ack?: Acknowledgement;
  /** How long it may wait, in milliseconds; default an hour. */
  readonly timeToLiveMs?: number;
}

/** What a module outside of the edge agent needs to join its device's edgeHub, or the hub where the device has none. */
export interface ModuleCredentials {
  /** Of an edge device with `GatewayHostName`, of any other with the hub's MQTT port. A secret. */
  readonly connectionString: string;
  readonly caFile: string;
  /** The same as environment variables, which `ModuleClient.fromEnvironment` reads. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface SendRequest {
  readonly deviceId: string;
  /** Made when the device has no such module. Without it a plain device sends, to the hub itself. */
  readonly moduleId?: string;
  /** The output that a module's messages leave by; routes name it. */
  readonly output?: string;
  readonly messages: Iterable<OutgoingMessage> | AsyncIterable<OutgoingMessage>;
  /** How many messages may wait for their confirmation at once; default 1. */
  readonly inFlight?: number;
  /** Gives up when no message was confirmed for so long, in milliseconds; default 60,000. */
  readonly stallTimeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called after the hub confirmed a message, with its place in the sequence from 0. */
  readonly onConfirmed?: (message: OutgoingMessage, index: number) => void;
}

export interface ReplayRequest {
  /** The recording: NDJSON as `sim record` and `sim monitor --output json` write it. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Its name, for messages. */
  readonly source?: string;
  /** 1, the default: as fast as it was recorded; 2: twice as fast; `max`: as fast as it goes. */
  readonly speed?: number | 'max';
  /** Send everything as this device, and as this module. */
  readonly deviceId?: string;
  readonly moduleId?: string;
  /** Make devices that are not there; those with modules become edge devices. */
  readonly create?: boolean;
  readonly signal?: AbortSignal;
  /** Called after each confirmation, with how many there were. */
  readonly onConfirmed?: (confirmed: number) => void;
}

export interface ReplayResult {
  readonly confirmed: number;
  /** How often a message was sent again because a connection was lost. */
  readonly resent: number;
  /** How many devices and modules sent. */
  readonly senders: number;
  readonly durationMs: number;
}

export interface WaitForModuleRequest {
  readonly deviceId: string;
  readonly moduleId: string;
  /** Also wait until it is connected to edgeHub; default true. */
  readonly connected?: boolean;
  /** Milliseconds; default 30,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What can be done with a running simulator, from its own process or another. */
export interface SimulatorClient {
  readonly info: SimulatorInfo;
  /** @throws SimulatorError `SimulatedDeviceExists`, `SimulatorRequestInvalid`, `SimulatorPortInUse` */
  createDevice(request: CreateDeviceRequest): Promise<CreatedDevice>;
  /** Removes a device; an edge device's modules are ended first. */
  removeDevice(deviceId: string): Promise<void>;
  devices(): Promise<SimulatedDevice[]>;
  /** @throws SimulatorError `SimulatedDeviceNotFound` */
  device(deviceId: string): Promise<SimulatedDevice>;
  /** Cuts an edge device off from the hub, or connects it again. */
  setOnline(deviceId: string, online: boolean): Promise<SimulatedDevice>;
  /** Makes the module when the device has none of this id. */
  moduleCredentials(deviceId: string, moduleId: string): Promise<ModuleCredentials>;
  /**
   * Sends messages as a module does: with the Azure SDK over MQTT and TLS to the device's edgeHub, from this process. Ends when
   * edgeHub confirmed every message; when connections are lost, messages are sent again, so that one may arrive twice.
   */
  send(request: SendRequest): Promise<SendResult>;
  /** Sends the messages of a recording again, from this process, each as the device or module that sent it. */
  replay(request: ReplayRequest): Promise<ReplayResult>;
  /** Reads what reaches the hub, from now on unless the filter says after which message, until the signal ends it. */
  monitor(filter: TelemetryFilter, signal: AbortSignal): AsyncIterable<TelemetryRecord>;
  /** The number of the newest message at the hub, 0 when there never was one. */
  lastSequenceNumber(): Promise<number>;
  /** @throws SimulatorError `SimulatedTargetTimeout` when the module does not run in time, with its state in the details */
  waitForModule(request: WaitForModuleRequest): Promise<SimulatedModule>;
  invokeMethod(call: MethodCall): Promise<MethodResult>;
  /** Makes the hub's service API refuse requests with 429, for a time or a number of them; 0 of either ends it. */
  throttle(request: ThrottleRequest): Promise<void>;
  /**
   * Makes something go wrong, at the hub or at an edge device.
   *
   * @throws SimulatorError `SimulatorRequestInvalid`, `SimulatedDeviceNotFound`
   */
  injectFault(request: FaultRequest): Promise<Fault>;
  /** The faults in force. */
  faults(): Promise<Fault[]>;
  /** Ends a fault, or all of them; gives those that it ended. */
  clearFaults(id?: number): Promise<Fault[]>;
  /** Puts a cloud-to-device message into the queue of a device; gives its number. */
  sendToDevice(request: CloudMessageRequest): Promise<{ readonly sequenceNumber: number }>;
  /** Gives what became of cloud-to-device messages that asked for it, oldest first, and forgets it. */
  takeFeedback(): Promise<Feedback[]>;
  /** Empties the queue of cloud-to-device messages of a device. */
  purgeMessages(deviceId: string): Promise<{ readonly purged: number }>;
  /** Ends the simulator and everything that it started. */
  stop(): Promise<void>;
}

/** A simulator in this process. Disposing of it ends everything that it started. */
export interface Simulator extends SimulatorClient, AsyncDisposable {
  /** Settles when the simulator has ended, however that came about. */
  readonly ended: Promise<void>;
}
