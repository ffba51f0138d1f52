import type { DeploymentManifest, EventSink } from '@edgewright/contract';
import type { Hub, HubDevice } from '@edgewright/iothub';
import type { WorkspaceManifests } from './workspace-manifests.ts';
import type { WorkspaceSimulator } from './workspace-simulator.ts';

/** Which IoT Hub: one by its connection string, or the simulator that runs in this workspace. */
export interface HubSelection {
  /** `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…` of a policy that may write to the registry. */
  readonly connectionString?: string;
  /** PEM certificates to trust, for hubs that are not Azure's. */
  readonly caFile?: string;
  /** The state folder of the simulator, when it is not the workspace's own. */
  readonly simulatorState?: string;
}

export interface ApplyInput extends HubSelection {
  readonly deviceId: string;
  /** A manifest file, or the manifest. */
  readonly manifest: string | DeploymentManifest;
}

/** Edge devices of an IoT Hub, simulated or real. */
export class WorkspaceEdge {
  readonly #simulator: WorkspaceSimulator;
  readonly #manifests: WorkspaceManifests;
  readonly #events: EventSink;

  constructor(parts: { simulator: WorkspaceSimulator; manifests: WorkspaceManifests; events: EventSink }) {
    this.#simulator = parts.simulator;
    this.#manifests = parts.manifests;
    this.#events = parts.events;
  }

  /**
   * Makes a manifest the configuration of one edge device (what `az iot edge set-modules` does).
   *
   * @throws WorkspaceError `ManifestRefused` when lint finds errors · ContractError · IotHubError
   */
  async apply(input: ApplyInput): Promise<void> {
    const manifest = await this.#manifests.requireValid(input.manifest);
    const hub = await this.hub(input);
    this.#events({
      stage: 'edge.apply',
      state: 'started',
      text: `pushing the manifest to ${input.deviceId} on ${hub.hostName}`,
    });
    await hub.applyManifest(input.deviceId, manifest);
    this.#events({ stage: 'edge.apply', state: 'done', text: `${input.deviceId} has its new configuration` });
  }

  /** Creates an edge device, or returns the one that exists. */
  async createDevice(deviceId: string, selection: HubSelection = {}): Promise<HubDevice> {
    return await (await this.hub(selection)).createEdgeDevice(deviceId);
  }

  /** A client for the selected hub. */
  async hub(selection: HubSelection = {}): Promise<Hub> {
    const { connectHub } = await import('@edgewright/iothub');
    if (selection.connectionString !== undefined) {
      const { connectionString, caFile } = selection;
      return connectHub({ connectionString, ...(caFile === undefined ? {} : { caFile }) });
    }
    const simulator = await this.#simulator.connect({ state: selection.simulatorState });
    const { connectionString, httpsPort, caFile } = simulator.info;
    return connectHub({ connectionString, port: httpsPort, caFile });
  }
}
