import type { EventSink } from '@edgewright/contract';
import type { Simulator, SimulatorClient } from '@edgewright/simulator';
import { thisProcess } from './this-process.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';

export interface StartSimulatorInput {
  /** The state folder; default: `simulator` in the workspace. */
  readonly state?: string | undefined;
  /** The name under which it is reached and certified; default `localhost`. */
  readonly host?: string | undefined;
  /** 0 or nothing for a free port. */
  readonly httpsPort?: number | undefined;
  readonly mqttPort?: number | undefined;
  readonly httpPort?: number | undefined;
  /** IoT Hub's own MQTT, for plain devices. */
  readonly hubMqttPort?: number | undefined;
  /** PEM: authorities whose certificates let devices in, besides the simulator's own. */
  readonly deviceAuthorities?: readonly string[] | undefined;
  /**
   * Seconds that a module has to acknowledge a message before edgeHub sends it again; also how long edgeHub waits after
   * a module died with a message. Default 30, as edgeHub's own setting `MessageAckTimeoutSecs`.
   */
  readonly messageAckTimeoutSecs?: number | undefined;
  /** Ends the simulator when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** IoT Hub, edgeHub, workload API and edge agent on this machine. */
export class WorkspaceSimulator {
  readonly #folders: WorkspaceFolders;
  readonly #events: EventSink;

  constructor(folders: WorkspaceFolders, events: EventSink) {
    this.#folders = folders;
    this.#events = events;
  }

  /** The state folder that is meant when none is named. */
  get defaultState(): string {
    return this.#folders.simulator;
  }

  /**
   * Starts a simulator in this process; it ends when it is disposed of. Its edge devices run images of this workspace.
   *
   * @throws SimulatorError `SimulatorPortInUse`, `SimulatorAlreadyRunning`
   */
  async start(input: StartSimulatorInput = {}): Promise<Simulator> {
    const { startSimulator } = await import('@edgewright/simulator');
    const { state = this.#folders.simulator, messageAckTimeoutSecs, ...rest } = input;
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const { processId, nodePath, environment } = thisProcess();
    return await startSimulator({
      ...given,
      processId,
      nodePath,
      environment,
      stateDirectory: state,
      ...(messageAckTimeoutSecs === undefined
        ? {}
        : { edgeHubTimings: { ackTimeoutMs: messageAckTimeoutSecs * 1000 } }),
      imageLayouts: [this.#folders.images],
      emit: this.#events,
    });
  }

  /**
   * Finds the simulator that runs with a state folder, in this process or another.
   *
   * @throws SimulatorError `SimulatorNotRunning`
   */
  async connect(input: { readonly state?: string | undefined } = {}): Promise<SimulatorClient> {
    const { connectSimulator } = await import('@edgewright/simulator');
    return await connectSimulator(input.state ?? this.#folders.simulator);
  }
}
