import type { Platform } from '@edgewright/contract';
import type {
  ConfigurationChange,
  DeploymentContent,
  EffectiveConfiguration,
  FleetPlan,
  Hub,
  ImageLayers,
} from '@edgewright/iothub';
import type { HubSelection, WorkspaceEdge } from './workspace-edge.ts';
import type { WorkspaceImages } from './workspace-images.ts';

/** A change of deployments that has not been made. */
export interface PlanInput extends HubSelection {
  /** A manifest or layer that would be deployed; without one, only `remove` is planned. */
  readonly manifest?: string;
  /** The id that it would have; one that is there already is replaced in the plan. */
  readonly id?: string;
  readonly targetCondition?: string;
  readonly priority?: number;
  /** Ids of deployments that would be deleted. */
  readonly remove?: readonly string[];
  /** The platform of the devices, for the bytes to pull; default amd64. */
  readonly platform?: Platform;
}

/** A side of a comparison: a manifest file, `deployment:ID` or `device:ID`. */
export interface DiffInput extends HubSelection {
  readonly before: string;
  readonly after: string;
  readonly platform?: Platform;
}

/** What a change does to a fleet, before it is made. */
export class WorkspaceFleet {
  readonly #edge: WorkspaceEdge;
  readonly #images: WorkspaceImages;

  constructor(parts: { readonly edge: WorkspaceEdge; readonly images: WorkspaceImages }) {
    this.#edge = parts.edge;
    this.#images = parts.images;
  }

  /**
   * Says what a change of deployments would do to each device of a hub. Nothing is changed.
   *
   * @throws WorkspaceError `ManifestRefused` when lint finds errors · ContractError · IotHubError `ConditionInvalid` and others
   */
  async plan(input: PlanInput): Promise<FleetPlan> {
    const { planChange } = await import('@edgewright/iothub');
    const layersOf = await this.#layers(input.platform ?? 'amd64');
    await using hub = await this.#edge.hub(input);
    const created =
      input.manifest === undefined ? [] : [await this.#planned(hub, input, await this.#edge.contentOf(input.manifest))];
    return await planChange(hub, { create: created, remove: input.remove ?? [] }, layersOf);
  }

  /** Compares two manifests, deployments or devices. @throws IotHubError, ContractError, WorkspaceError `ManifestRefused` */
  async diff(input: DiffInput): Promise<ConfigurationChange> {
    const { configurationChange } = await import('@edgewright/iothub');
    const [before, after] = [await this.#side(input.before, input), await this.#side(input.after, input)];
    return configurationChange(before, after, await this.#layers(input.platform ?? 'amd64'));
  }

  /** What is not said is as it is in the deployment of this id, if there is one. */
  async #planned(hub: Hub, input: PlanInput, content: DeploymentContent) {
    const { id = 'planned', targetCondition, priority } = input;
    const existing = (await hub.deployments.list()).find((deployment) => deployment.id === id);
    return {
      id,
      content,
      targetCondition: targetCondition ?? existing?.targetCondition ?? '',
      priority: priority ?? existing?.priority ?? 0,
    };
  }

  async #side(text: string, selection: HubSelection): Promise<EffectiveConfiguration | undefined> {
    const { configurationOfContent, configurationOfDevice } = await import('@edgewright/iothub');
    const [, kind, id = ''] = /^(deployment|device):(.+)$/.exec(text) ?? [];
    if (kind === undefined) return configurationOfContent(text, await this.#edge.contentOf(text));
    await using hub = await this.#edge.hub(selection);
    if (kind === 'device') return await configurationOfDevice(hub, id);
    return configurationOfContent(id, (await hub.deployments.get(id)).content);
  }

  /** Layers of the images of the workspace, by reference, with or without a digest behind it. */
  async #layers(platform: Platform): Promise<ImageLayers> {
    const images = await this.#images.list();
    const known = new Map(
      images.map(({ reference, platforms }) => [
        reference,
        platforms.find((candidate) => candidate.platform === platform)?.layers,
      ]),
    );
    return (reference) => known.get(reference) ?? known.get(reference.split('@', 1)[0] ?? reference);
  }
}
