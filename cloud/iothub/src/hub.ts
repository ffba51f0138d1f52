import type { DeploymentManifest } from '@edgewright/contract';
import type { HubDeployments } from './hub-deployments.ts';

export interface HubDevice {
  readonly deviceId: string;
  readonly edge: boolean;
  readonly enabled: boolean;
  readonly connected: boolean;
}

export interface HubTwin {
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly etag: string;
  readonly desired: Readonly<Record<string, unknown>>;
  readonly reported: Readonly<Record<string, unknown>>;
  readonly tags: Readonly<Record<string, unknown>>;
}

/** What of a twin is to change; null takes a member out. */
export interface TwinChange {
  readonly desired?: Readonly<Record<string, unknown>>;
  /** Of devices only. */
  readonly tags?: Readonly<Record<string, unknown>>;
}

/** A twin by its names. */
export interface TwinName {
  readonly deviceId: string;
  readonly moduleId?: string;
}

/** A direct method. */
export interface MethodCall extends TwinName {
  readonly name: string;
  /** JSON, at most 128 KB. */
  readonly payload?: unknown;
  /** How long the device may take, in seconds, 5 to 300; default 30. */
  readonly responseSeconds?: number;
}

export interface MethodAnswer {
  /** The module's own, such as 200. */
  readonly status: number;
  readonly payload: unknown;
}

/**
 * What edgewright asks of IoT Hub. Every call has a deadline, is tried again while the hub is throttling or failing, and
 * throws IotHubError `HubUnauthorized`, `DeviceNotFound`, `HubConflict`, `HubRejected` or `HubUnavailable`.
 *
 * Disposing of it closes the connections that are kept for the next call; the process ends without that, too.
 */
export interface Hub extends AsyncDisposable {
  readonly hostName: string;
  /** Automatic deployments. */
  readonly deployments: HubDeployments;
  /** Creates the edge device; returns as it is one that exists already. */
  createEdgeDevice(deviceId: string): Promise<HubDevice>;
  /** Every device, however many there are. */
  listDevices(): Promise<readonly HubDevice[]>;
  /**
   * Makes a manifest the device's configuration, at once.
   *
   * @throws ContractError `InvalidDocument`, before anything is sent
   */
  applyManifest(deviceId: string, manifest: DeploymentManifest): Promise<void>;
  getTwin(deviceId: string): Promise<HubTwin>;
  moduleTwin(deviceId: string, moduleId: string): Promise<HubTwin>;
  /**
   * Changes a twin that is still as it was read.
   *
   * @param etag of the twin that was read; `*` changes it whatever it is
   * @throws IotHubError `HubConflict` when somebody else has changed it since
   */
  updateTwin(name: TwinName, change: TwinChange, etag: string): Promise<HubTwin>;
  /** Rows of a query, page by page as they are wanted; the hub's index may lag behind by some seconds. */
  query<Row = Readonly<Record<string, unknown>>>(text: string): AsyncIterable<Row>;
  /** Calls a direct method. A status of the module's own is no failure. */
  invoke(call: MethodCall): Promise<MethodAnswer>;
}
