import type { EventSink } from '@edgewright/contract';
import type { AgentTimings } from './agent/agent-timings.ts';
import type { EdgeHubTimings } from './edgehub/edge-hub-timings.ts';
import { SimulatorError } from './simulator-error.ts';
import type { SimulatorClient } from './simulator-client.ts';

export interface SimulatorOptions {
  /** Everything the simulator keeps is in here; made when it is not there. Only one simulator at a time may use it. */
  readonly stateDirectory: string;
  /** The name under which clients reach it, for certificates and connection strings; default `localhost`. It listens on loopback only. */
  readonly host?: string;
  /** IoT Hub's REST service; 0 or absent: any free port. */
  readonly httpsPort?: number;
  /** The edgeHub of the first edge device; 0 or absent: any free port. Each device has its own. */
  readonly mqttPort?: number;
  /** The control interface; 0 or absent: any free port. */
  readonly httpPort?: number;
  /** OCI image layouts in which edge agents find images. */
  readonly imageLayouts?: readonly string[];
  /** The Node.js that stands for `node` in images; default: the `node` of PATH. Give `process.execPath`. */
  readonly nodePath?: string;
  /** Variables that modules get beside their own; give PATH and HOME. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Of this process, for whoever wants to know; give `process.pid`. */
  readonly processId?: number;
  readonly edgeHubTimings?: Partial<EdgeHubTimings>;
  readonly agentTimings?: Partial<AgentTimings>;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
  readonly emit?: EventSink;
  /** Ends the simulator when it is aborted. */
  readonly signal?: AbortSignal;
}

/** A simulator in this process. Disposing of it ends everything that it started. */
export interface Simulator extends SimulatorClient, AsyncDisposable {
  /** Settles when the simulator has ended, however that came about. */
  readonly ended: Promise<void>;
}

/**
 * Starts IoT Hub, and edgeHub, workload API and edge agent of every edge device in the state folder.
 *
 * @throws SimulatorError `SimulatorAlreadyRunning`, `SimulatorPortInUse`, `SimulatorFailed`
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  throw new SimulatorError('SimulatorFailed', `cannot start a simulator in ${options.stateDirectory}: not built yet`);
}
