import type { EventSink } from '@edgewright/contract';
import type { AgentTimings } from './agent/agent-timings.ts';
import type { ImageSources } from './agent/image-sources.ts';
import type { EdgeHubTimings } from './edgehub/edge-hub-timings.ts';
import type { Hub } from './hub/hub.ts';
import { SimulatorError } from './simulator-error.ts';
import type { CertificateIssuer } from './workload/certificate-issuer.ts';

export interface EdgeDeviceOptions {
  readonly hub: Hub;
  /** An edge device that the hub knows. */
  readonly deviceId: string;
  /** The address to listen on; a loopback address. */
  readonly host: string;
  /** The name by which modules reach the device's edgeHub (without a port); stands in its server certificate. */
  readonly gatewayHostName: string;
  /** 0 or absent: any free port. */
  readonly mqttPort?: number;
  readonly certificates: CertificateIssuer;
  /** The device's own folder: queues, unpacked images, logs, sockets. Made when it is not there. */
  readonly stateDirectory: string;
  readonly images: ImageSources;
  /** The Node.js that stands for `node` in images, for instance `process.execPath`. */
  readonly nodePath: string;
  /** Environment variables of this machine that modules get too, such as PATH and HOME. */
  readonly environment: Readonly<Record<string, string>>;
  readonly edgeHubTimings?: Partial<EdgeHubTimings>;
  readonly agentTimings?: Partial<AgentTimings>;
  readonly emit?: EventSink;
}

/** How a module of an edge device fares, as its agent reports it. */
export interface ModuleState {
  readonly name: string;
  readonly status: 'unknown' | 'backoff' | 'running' | 'unhealthy' | 'stopped' | 'failed';
  readonly description: string;
  readonly exitCode: number;
  readonly restartCount: number;
  /** ISO 8601. */
  readonly lastStartTime?: string;
  readonly lastExitTime?: string;
  readonly pid?: number;
}

/** A running edge device: its edgeHub, its workload API and its agent with the modules that it started. */
export interface EdgeDevice extends AsyncDisposable {
  readonly deviceId: string;
  /** `{gatewayHostName}:{port}` of its edgeHub. */
  readonly gateway: string;
  readonly mqttPort: number;
  /** False while the device is cut off from the hub. */
  readonly isOnline: boolean;
  modules(): readonly ModuleState[];
  /** Cuts the device off from the hub, or connects it again: messages for `$upstream` wait meanwhile. */
  setOnline(online: boolean): void;
  /** What a module of a developer needs to join from outside, in place of the workload API. */
  moduleEnvironment(moduleId: string): Readonly<Record<string, string>>;
}

/**
 * Starts an edge device. Disposing of it ends every module and closes its ports.
 *
 * @throws SimulatorError `SimulatorPortInUse`, `SimulatedDeviceNotFound`, `SimulatorFailed`
 */
export async function startEdgeDevice(options: EdgeDeviceOptions): Promise<EdgeDevice> {
  throw new SimulatorError('SimulatorFailed', `cannot start the edge device "${options.deviceId}": not built yet`);
}
