import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { discardEvents, messageOf } from '@edgewright/contract';
import type { EventSink, ModelProfile } from '@edgewright/contract';
import type { ModelRegistry } from '@edgewright/models';
import type { RegistryOptions } from '@edgewright/packager';
import type { TuneReport } from '@edgewright/tune';
import { openRegistry } from './open-registry.ts';
import { packageModel } from './package-model.ts';
import type { PackagedImage, PackageModelInput } from './package-model.ts';
import { checkTuningPlaces, saveTuning } from './save-tuning.ts';
import type { TuningPlaces } from './save-tuning.ts';
import { serveModel } from './serve-model.ts';
import type { ModelServer, ServeInput } from './serve-model.ts';
import { tuneModel } from './tune-model.ts';
import type { TuneModelInput } from './tune-model.ts';
import { WorkspaceBatches } from './workspace-batches.ts';
import { WorkspaceComputeTargets } from './workspace-compute-targets.ts';
import { profileModel } from './profile-model.ts';
import type { ProfileModelInput } from './profile-model.ts';
import { readWorkspaceConfig } from './workspace-config.ts';
import { WorkspaceEndpoints } from './workspace-endpoints.ts';
import { WorkspaceEdge } from './workspace-edge.ts';
import { WorkspaceError } from './workspace-error.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';
import { WorkspaceFleet } from './workspace-fleet.ts';
import { WorkspaceImages } from './workspace-images.ts';
import { WorkspaceManifests } from './workspace-manifests.ts';
import { WorkspaceModels } from './workspace-models.ts';
import { WorkspaceServices } from './workspace-services.ts';
import { WorkspaceMonitor } from './workspace-monitor.ts';
import { WorkspaceRollouts } from './workspace-rollouts.ts';
import { WorkspaceSimulator } from './workspace-simulator.ts';

export interface WorkspaceOptions {
  /** Takes what the parts report while they work; default: nobody. */
  readonly events?: EventSink;
  /**
   * Where models are registered: a folder, `azblob://ACCOUNT/CONTAINER` or `oci://HOST/REPOSITORY`. Default: what
   * `workspace.json` in the folder says, else the folder `models` of the workspace.
   */
  readonly modelRegistry?: string;
  /** How to reach the container registry of `oci://`; credentials come from Docker's own file unless they are given. */
  readonly containerRegistry?: RegistryOptions;
}

/**
 * A folder in which models are registered and images are built, and everything that can be done with them. Each verb of the
 * `edgewright` command is a method here.
 *
 * @example
 * await using workspace = await Workspace.open('.edgewright');
 * await workspace.models.register({ name: 'diabetes', path: 'diabetes.onnx' });
 * await workspace.images.build({ models: ['diabetes'], inferenceConfig: 'inferenceconfig.json' });
 */
export class Workspace implements AsyncDisposable {
  readonly folders: WorkspaceFolders;
  readonly models: WorkspaceModels;
  readonly images: WorkspaceImages;
  readonly manifests: WorkspaceManifests;
  readonly services: WorkspaceServices;
  readonly endpoints: WorkspaceEndpoints;
  readonly batches: WorkspaceBatches;
  readonly computeTargets: WorkspaceComputeTargets;
  readonly edge: WorkspaceEdge;
  readonly fleet: WorkspaceFleet;
  readonly rollouts: WorkspaceRollouts;
  readonly monitor: WorkspaceMonitor;
  readonly simulator: WorkspaceSimulator;
  readonly #events: EventSink;

  private constructor(folders: WorkspaceFolders, options: WorkspaceOptions) {
    const events = options.events ?? discardEvents;
    this.folders = folders;
    this.#events = events;
    this.models = new WorkspaceModels({
      folders,
      events,
      openRegistry: () => openWorkspaceRegistry(folders, options),
      deleteService: async (name) => {
        if (!(await this.endpoints.deleteByService(name))) await this.services.delete(name);
      },
    });
    this.images = new WorkspaceImages({ folders, models: this.models, events });
    this.services = new WorkspaceServices({ folders, models: this.models, images: this.images, events });
    this.endpoints = new WorkspaceEndpoints({ folders, models: this.models, images: this.images, events });
    this.batches = new WorkspaceBatches({ folders, models: this.models, images: this.images, events });
    this.computeTargets = new WorkspaceComputeTargets(folders, events);
    this.manifests = new WorkspaceManifests({ images: this.images });
    this.simulator = new WorkspaceSimulator(folders, events);
    this.edge = new WorkspaceEdge({ simulator: this.simulator, manifests: this.manifests, events });
    this.monitor = new WorkspaceMonitor({ models: this.models, edge: this.edge, events });
    this.rollouts = new WorkspaceRollouts({ folders, edge: this.edge, events });
    this.fleet = new WorkspaceFleet({ edge: this.edge, images: this.images });
  }

  /**
   * Opens a workspace; the folder is made when it is not there.
   *
   * @throws WorkspaceError `WorkspaceUnusable`
   */
  static async open(directory: string, options: WorkspaceOptions = {}): Promise<Workspace> {
    const root = path.resolve(directory);
    try {
      await mkdir(root, { recursive: true });
    } catch (cause) {
      throw new WorkspaceError('WorkspaceUnusable', `cannot use "${directory}" as a workspace: ${messageOf(cause)}`, {
        details: { directory: root },
        cause,
      });
    }
    const folders: WorkspaceFolders = {
      root,
      models: path.join(root, 'models'),
      images: path.join(root, 'images'),
      simulator: path.join(root, 'simulator'),
      services: path.join(root, 'services'),
      batches: path.join(root, 'batches'),
      cache: path.join(root, 'cache'),
    };
    return new Workspace(folders, options);
  }

  /** Serves a model file or a registered model behind `/score` on this machine, until the returned server is closed. */
  async serve(input: ServeInput): Promise<ModelServer> {
    return await serveModel(input, { models: this.models, events: this.#events });
  }

  /**
   * Finds out how a model runs best on this machine, by measuring; each way to run it in a process of its own.
   *
   * @throws TuneError · ContractError `FileNotReadable`, `InvalidReference` · ModelsError `ModelNotFound`
   */
  async tune(input: TuneModelInput): Promise<TuneReport> {
    return await tuneModel(input, { models: this.models, events: this.#events });
  }

  /** Looks whether {@link saveTuning} could write, before minutes are spent on measuring. Throws as that does. */
  async checkTuningPlaces(places: TuningPlaces): Promise<void> {
    await checkTuningPlaces(places);
  }

  /** Writes what {@link tune} found: settings, page and plot. Throws as `saveTuning` does. */
  async saveTuning(report: TuneReport, places: TuningPlaces): Promise<readonly string[]> {
    return await saveTuning(report, places);
  }

  /**
   * From a model to an image, and into a registry: registers the model when it is not yet, builds, and pushes when that is
   * asked for. Reports one event `package.…` for each stage, with its time.
   *
   * @throws what the stages throw
   */
  async packageModel(input: PackageModelInput): Promise<PackagedImage> {
    const { models, images, folders } = this;
    return await packageModel(input, { models, images, imagesFolder: folders.images, events: this.#events });
  }

  /** Finds the smallest limits for cores and memory with which models score well enough; see `profileModel`. */
  async profileModel(input: ProfileModelInput): Promise<ModelProfile> {
    const { models, images } = this;
    return await profileModel(input, { models, images, events: this.#events });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.models[Symbol.asyncDispose]();
  }
}

/** The registry that was given, else the one of `workspace.json`, else the workspace's own. */
async function openWorkspaceRegistry(folders: WorkspaceFolders, options: WorkspaceOptions): Promise<ModelRegistry> {
  const { containerRegistry } = options;
  const more = { cacheDirectory: folders.cache, ...(containerRegistry === undefined ? {} : { containerRegistry }) };
  if (options.modelRegistry !== undefined) return await openRegistry({ place: options.modelRegistry, ...more });
  const { modelRegistry } = await readWorkspaceConfig(folders.root);
  if (modelRegistry === undefined) return await openRegistry({ place: folders.models, ...more });
  // a folder in the file is one beside it
  const place = modelRegistry.includes('://') ? modelRegistry : path.resolve(folders.root, modelRegistry);
  return await openRegistry({ place, ...more });
}
