import type { Platform } from '@edgewright/contract';
import type {
  ConfigurationChange,
  DeploymentContent,
  EffectiveConfiguration,
  FleetPlan,
  Hub,
  ImageLayer,
  ImageLayers,
  PlannedTags,
  TagOutcome,
  TagRequest,
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
  /** Ask registries for the layers of images that the workspace does not have. */
  readonly askRegistries?: boolean;
}

/** A side of a comparison: a manifest file, `deployment:ID` or `device:ID`. */
export interface DiffInput extends HubSelection {
  readonly before: string;
  readonly after: string;
  readonly platform?: Platform;
  /** Ask registries for the layers of images that the workspace does not have. */
  readonly askRegistries?: boolean;
}

export interface TagInput extends HubSelection, TagRequest {
  /** Only say what would change. */
  readonly dryRun?: boolean;
}

/** What became of tags; with a dry run, nobody has changed. */
export interface TaggedDevices extends PlannedTags, TagOutcome {}

/** What a change does to a fleet, before it is made; and tags, by which changes find their devices. */
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
    const { configurationChange, planChange } = await import('@edgewright/iothub');
    await using hub = await this.#edge.hub(input);
    const created =
      input.manifest === undefined ? [] : [await this.#planned(hub, input, await this.#edge.contentOf(input.manifest))];
    const plan = await planChange(hub, { create: created, remove: input.remove ?? [] });
    const layersOf = await this.#layers(input, imagesOf(plan.changing.map(({ change }) => change)));
    const changing = plan.changing.map((group) => ({
      ...group,
      change: configurationChange(group.before, group.after ?? group.before, layersOf),
    }));
    return { ...plan, changing };
  }

  /** Compares two manifests, deployments or devices. @throws IotHubError, ContractError, WorkspaceError `ManifestRefused` */
  async diff(input: DiffInput): Promise<ConfigurationChange> {
    const { configurationChange } = await import('@edgewright/iothub');
    const [before, after] = [await this.#side(input.before, input), await this.#side(input.after, input)];
    const images = imagesOf([configurationChange(before, after, () => undefined)]);
    return configurationChange(before, after, await this.#layers(input, images));
  }

  /**
   * Sets tags of all edge devices of a condition. A device whose twin somebody else changes meanwhile is left alone, and told.
   *
   * @throws IotHubError `ConditionInvalid`, `TagsInvalid`
   */
  async tag({ condition, tags, count, dryRun = false, ...selection }: TagInput): Promise<TaggedDevices> {
    const { applyTags, planTags } = await import('@edgewright/iothub');
    await using hub = await this.#edge.hub(selection);
    const planned = await planTags(hub, { condition, tags, ...(count === undefined ? {} : { count }) });
    const outcome = dryRun ? { changed: [], conflicts: [] } : await applyTags(hub, planned.changes, tags);
    return { ...planned, ...outcome };
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

  /** Layers by reference, with or without a digest behind it: of the images of the workspace, and then of registries if asked for. */
  async #layers(
    { platform = 'amd64', askRegistries = false }: Pick<PlanInput, 'platform' | 'askRegistries'>,
    wanted: ReadonlySet<string>,
  ): Promise<ImageLayers> {
    const images = await this.#images.list();
    const known = new Map<string, readonly ImageLayer[] | undefined>(
      images.map(({ reference, platforms }) => [
        reference,
        platforms.find((candidate) => candidate.platform === platform)?.layers,
      ]),
    );
    const find: ImageLayers = (reference) => known.get(reference) ?? known.get(reference.split('@', 1)[0] ?? reference);
    if (!askRegistries) return find;
    const { remoteImageLayers } = await import('./remote-image-layers.ts');
    for (const image of wanted) {
      if (find(image) === undefined) known.set(image, await remoteImageLayers(image, platform));
    }
    return find;
  }
}

/** Every image that devices have or get. */
function imagesOf(changes: readonly ConfigurationChange[]): ReadonlySet<string> {
  const modules = changes.flatMap((change) => change.modules);
  return new Set(modules.flatMap(({ imageBefore, imageAfter }) => [imageBefore ?? [], imageAfter ?? []].flat()));
}
