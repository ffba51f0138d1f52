import type { DeploymentManifest, EventSink } from '@edgewright/contract';
import type {
  DeploymentContent,
  DeploymentSettings,
  Hub,
  HubDeployment,
  HubDevice,
  ModuleLog,
  ModuleLogsRequest,
  ModuleNews,
  Revision,
  WatchOptions,
} from '@edgewright/iothub';
import type { WorkspaceManifests } from './workspace-manifests.ts';
import type { WorkspaceSimulator } from './workspace-simulator.ts';

/** Which IoT Hub: one by its connection string or by Entra ID, or the simulator that runs in this workspace. */
export interface HubSelection {
  /** `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…` of a policy that may write to the registry. */
  readonly connectionString?: string;
  /** `NAME.azure-devices.net`: log in by Entra ID, as this machine is. */
  readonly hostName?: string;
  /** PEM certificates to trust, for hubs that are not Azure's. */
  readonly caFile?: string;
  /** The state folder of the simulator, when it is not the workspace's own. */
  readonly simulatorState?: string;
  /** Deadline of each call in milliseconds; default 30,000. */
  readonly timeoutMs?: number;
}

export interface ApplyInput extends HubSelection {
  readonly deviceId: string;
  /** A manifest file, or the manifest. */
  readonly manifest: string | DeploymentManifest;
}

export interface NewDeploymentInput extends HubSelection, Partial<DeploymentSettings> {
  readonly id: string;
  /** The file of a manifest, for a base deployment, or of a layer. */
  readonly manifest: string;
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

  /**
   * Makes an automatic deployment of a manifest (a base deployment) or of a layer.
   *
   * @throws WorkspaceError `ManifestRefused` when lint finds errors · ContractError · IotHubError
   */
  async createDeployment(input: NewDeploymentInput): Promise<HubDeployment> {
    const { id, targetCondition, priority, labels, metrics } = input;
    await using hub = await this.hub(input);
    return await hub.deployments.create({
      id,
      content: await this.contentOf(input.manifest),
      ...(targetCondition === undefined ? {} : { targetCondition }),
      ...(priority === undefined ? {} : { priority }),
      ...(labels === undefined ? {} : { labels }),
      ...(metrics === undefined ? {} : { metrics }),
    });
  }

  /** Gives the devices of a deployment other content, by a new deployment beside it; see `reviseDeployment`. */
  async reviseDeployment(input: HubSelection & { id: string; manifest: string; keep: number }): Promise<Revision> {
    const { reviseDeployment } = await import('@edgewright/iothub');
    await using hub = await this.hub(input);
    return await reviseDeployment(hub, input.id, { content: await this.contentOf(input.manifest), keep: input.keep });
  }

  /** Logs of modules, read by edgeAgent on the device. */
  async logs(request: ModuleLogsRequest, selection: HubSelection = {}): Promise<readonly ModuleLog[]> {
    const { moduleLogs } = await import('@edgewright/iothub');
    await using hub = await this.hub(selection);
    return await moduleLogs(hub, request);
  }

  /** How the modules of a fleet fare, and then what changes. */
  async *watch(options: WatchOptions, selection: HubSelection = {}): AsyncGenerator<ModuleNews> {
    const { watchFleet } = await import('@edgewright/iothub');
    await using hub = await this.hub(selection);
    yield* watchFleet(hub, options);
  }

  /** The content that a deployment of a manifest or layer has. @throws WorkspaceError `ManifestRefused` */
  async contentOf(manifest: string): Promise<DeploymentContent> {
    const document = (await this.#manifests.requireDeployable(manifest)) as {
      readonly content?: DeploymentContent;
      readonly modulesContent?: unknown;
    };
    return document.content ?? { modulesContent: document.modulesContent };
  }

  /** Creates an edge device, or returns the one that exists. */
  async createDevice(deviceId: string, selection: HubSelection = {}): Promise<HubDevice> {
    return await (await this.hub(selection)).createEdgeDevice(deviceId);
  }

  /** A client for the selected hub. */
  async hub(selection: HubSelection = {}): Promise<Hub> {
    const { connectHub, entraCredential } = await import('@edgewright/iothub');
    const { connectionString, hostName, caFile, simulatorState, timeoutMs } = selection;
    const options = {
      ...(caFile === undefined ? {} : { caFile }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    if (connectionString !== undefined) return connectHub({ connectionString, ...options });
    if (hostName !== undefined) return connectHub({ hostName, credential: await entraCredential(), ...options });
    const { info } = await this.#simulator.connect({ state: simulatorState });
    return connectHub({
      ...options,
      connectionString: info.connectionString,
      port: info.httpsPort,
      caFile: info.caFile,
    });
  }
}
