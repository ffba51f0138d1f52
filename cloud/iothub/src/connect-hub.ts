import type { DeploymentManifest } from '@edgewright/contract';
import { IotHubError } from './iothub-error.ts';

export interface ConnectHubOptions {
  /** `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…`; the host name may carry `:port`. */
  readonly connectionString: string;
  /** Default 443, or the one in the host name. */
  readonly port?: number;
  /** A PEM file with the certificates to trust beside the usual ones. */
  readonly caFile?: string;
  /** Deadline of each call, in milliseconds; default 30 000. */
  readonly timeoutMs?: number;
}

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

/** What edgewright asks of IoT Hub. Every call has a deadline and throws IotHubError only. */
export interface Hub {
  readonly hostName: string;
  /** Creates the edge device; returns as it is one that exists already. */
  createEdgeDevice(deviceId: string): Promise<HubDevice>;
  listDevices(): Promise<readonly HubDevice[]>;
  /** Makes a manifest the device's configuration, at once. */
  applyManifest(deviceId: string, manifest: DeploymentManifest): Promise<void>;
  getTwin(deviceId: string): Promise<HubTwin>;
  moduleTwin(deviceId: string, moduleId: string): Promise<HubTwin>;
}

/**
 * Makes a client for one IoT Hub; nothing is sent yet.
 *
 * @throws IotHubError `ConnectionStringInvalid`
 */
export function connectHub(options: ConnectHubOptions): Hub {
  throw new IotHubError('ConnectionStringInvalid', `cannot connect on port ${options.port ?? 443}: not built yet`);
}
