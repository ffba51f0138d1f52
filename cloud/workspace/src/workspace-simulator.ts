import type { EventSink } from '@edgewright/contract';
import type {
  DeviceAuthorityFiles,
  DeviceAuthorityRequest,
  DeviceSetup,
  DevelopmentOptions,
  Simulator,
  SimulatorClient,
} from '@edgewright/simulator';
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
   * a module died with a message. Default: `MessageAckTimeoutSecs` of the deployment's edgeHub, else 30.
   */
  readonly messageAckTimeoutSecs?: number | undefined;
  /** An edge device to develop with: the one of `setup`, with a deployment or with a module under test. */
  readonly development?: DevelopmentOptions | undefined;
  /** Modules run as containers of a Docker Engine: of this socket, or of DOCKER_HOST. Default: as processes. */
  readonly containers?: { readonly socketPath?: string } | undefined;
  /** HTTPS of the first edge device's edgeHub; the Azure SDKs call methods of other modules on port 443 only. */
  readonly edgeHttpsPort?: number | undefined;
  /** Where modules find the workload API: a Unix socket for each, or one port of this machine. Default `socket`. */
  readonly workloadApi?: 'socket' | 'http' | undefined;
  /** Report what modules print, line by line. */
  readonly showModuleOutput?: boolean | undefined;
  /** Variables that modules get beside their own. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
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
    const { readSetup, startSimulator } = await import('@edgewright/simulator');
    const { state = this.#folders.simulator, messageAckTimeoutSecs, environment: variables, ...rest } = input;
    const host = rest.host ?? readSetup(state).host;
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const { processId, nodePath, environment, dockerConfigFile } = thisProcess();
    return await startSimulator({
      ...given,
      ...(host !== undefined && { host }),
      processId,
      nodePath,
      environment: { ...environment, ...variables },
      stateDirectory: state,
      ...(messageAckTimeoutSecs === undefined
        ? {}
        : { edgeHubTimings: { ackTimeoutMs: messageAckTimeoutSecs * 1000 } }),
      imageLayouts: [this.#folders.images],
      pullImage: async ({ credentials, ...image }) => {
        const { pullImage } = await import('@edgewright/packager');
        const registry = { dockerConfigFile, ...(credentials !== undefined && { credentials }) };
        await pullImage({ ...image, registry, emit: this.#events });
      },
      emit: this.#events,
    });
  }

  /** Says which edge device `development` is about: that of a connection string, or one with a key of its own. */
  async setup(input: {
    readonly state?: string | undefined;
    readonly connectionString?: string | undefined;
    /** The name under which modules reach the device. */
    readonly host?: string | undefined;
  }): Promise<DeviceSetup> {
    const { writeSetup } = await import('@edgewright/simulator');
    return writeSetup(input.state ?? this.#folders.simulator, input);
  }

  /**
   * What `setup` was told, or what holds without it: then there is no `file`.
   *
   * @throws SimulatorError, ContractError when what is there cannot be used
   */
  async readSetup(
    input: { readonly state?: string | undefined } = {},
  ): Promise<DeviceSetup & { readonly file?: string }> {
    const { readSetup } = await import('@edgewright/simulator');
    return readSetup(input.state ?? this.#folders.simulator);
  }

  /**
   * Makes the authority of a real IoT Edge device; the simulator's own devices need none.
   *
   * @throws SimulatorError `SimulatorRequestInvalid`
   */
  async makeDeviceAuthority(request: Omit<DeviceAuthorityRequest, 'now'>): Promise<DeviceAuthorityFiles> {
    const { makeDeviceAuthority } = await import('@edgewright/simulator');
    return await makeDeviceAuthority({ ...request, now: Date.now() });
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
