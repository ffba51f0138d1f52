import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { ContractError, parseModelReference } from '@edgewright/contract';
import type { DriftBaseline, EventSink, Model, ModelReference } from '@edgewright/contract';
import type {
  DownloadModelOptions,
  ModelChanges,
  ModelCriteria,
  ModelFilter,
  ModelPage,
  ModelRegistry,
  RegisterModelInput,
} from '@edgewright/models';
import type { BaselineInput } from './baseline/make-baseline.ts';
import { servicesWithModel } from './services-with-model.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';

/** What one registers. */
export interface RegisterInput extends Omit<RegisterModelInput, 'baseline'> {
  /** The training data: what they look like is kept with the model, and hosts compare live data with it. */
  readonly baseline?: BaselineInput;
}

/** A model that a run of an experiment wrote. */
export interface RegisterFromRunInput extends Omit<RegisterInput, 'path' | 'run'> {
  /** MLflow's folder `mlruns`, or the address of a tracking server. */
  readonly store: string;
  /** Inside the run's artifacts. */
  readonly assetPath: string;
  /** Default: the newest finished run of the experiment. */
  readonly runId?: string;
  readonly experimentName?: string;
  /** `Authorization` for a tracking server. */
  readonly authorization?: string;
}

/** What deleting a model takes with it, in the order in which it goes. */
export interface DeletionPlan {
  /** `NAME:VERSION` */
  readonly model: string;
  /** Services that were deployed with the model. */
  readonly services: readonly string[];
  /** Images that hold the model. */
  readonly images: readonly string[];
}

/** What the models of a workspace need of it. */
export interface WorkspaceModelsParts {
  readonly folders: WorkspaceFolders;
  readonly events: EventSink;
  readonly openRegistry: () => Promise<ModelRegistry>;
  /** Ends a service and forgets it. */
  readonly deleteService: (name: string) => Promise<void>;
}

/** The models of a workspace. The registry is opened when it is first needed, and closed with the workspace. */
export class WorkspaceModels implements AsyncDisposable {
  readonly #parts: WorkspaceModelsParts;
  #registry: Promise<ModelRegistry> | undefined;

  constructor(parts: WorkspaceModelsParts) {
    this.#parts = parts;
  }

  /**
   * Registers a file or folder as the next version of a name. What of it no backend can run is reported as events
   * `model.operators`; it is registered all the same, because backends of others may run it.
   *
   * @throws ModelsError `ModelFileInvalid` · ContractError `InvalidReference`, `FileNotReadable`, and for a baseline
   *   `InvalidDocument`, `InvalidJson`
   */
  async register({ baseline: training, ...input }: RegisterInput): Promise<Model> {
    const registry = await this.#open();
    this.#parts.events({ stage: 'model.register', state: 'started', text: `registering ${input.name}` });
    const baseline = training === undefined ? undefined : await this.#describe(training, input);
    const model = await registry.register({ ...input, ...(baseline === undefined ? {} : { baseline }) });
    this.#parts.events({
      stage: 'model.register',
      state: 'done',
      text: `registered ${model.id}`,
      data: { id: model.id },
    });
    return model;
  }

  /**
   * Registers what a run of an experiment wrote, from MLflow's folder `mlruns` or a tracking server. The model remembers the
   * run.
   *
   * @throws ModelsError `RunNotFound`, `TrackingStoreFailed`, and what {@link register} throws
   */
  async registerFromRun(input: RegisterFromRunInput): Promise<Model> {
    const { store: place, assetPath, runId, experimentName, authorization, ...rest } = input;
    const { openMlflowStore } = await import('@edgewright/models');
    const { signal } = rest;
    const more = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(signal === undefined ? {} : { signal }),
    };
    const store = openMlflowStore(place, more);
    const run = await store.findRun({
      ...(runId === undefined ? {} : { runId }),
      ...(experimentName === undefined ? {} : { experimentName }),
    });
    this.#parts.events({
      stage: 'model.run',
      state: 'done',
      text: `taking ${assetPath} of the run ${run.runId}`,
      data: { ...run },
    });
    const staging = await mkdtemp(path.join(this.#parts.folders.root, '.run-'));
    try {
      const { runId: id, experimentName: experiment } = run;
      const file = await store.fetchAsset(run, assetPath, staging);
      return await this.register({ ...rest, path: file, run: { runId: id, experimentName: experiment } });
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }

  /** A page of the models that fit the filter. */
  async list(filter: ModelFilter = {}): Promise<ModelPage> {
    return await (await this.#open()).list(filter);
  }

  /**
   * One model: `name:version`, or `name` for its latest version, or for the latest one that meets the criteria.
   *
   * @throws ModelsError `ModelNotFound` · ContractError `InvalidReference`
   */
  async show(reference: string | ModelReference, criteria: ModelCriteria = {}): Promise<Model> {
    const registry = await this.#open();
    const wanted = typeof reference === 'string' ? parseModelReference(reference) : reference;
    if (wanted.version !== undefined || Object.keys(criteria).length === 0) return await registry.get(wanted);
    const { findModel } = await import('@edgewright/models');
    return await findModel(registry, wanted.name, criteria);
  }

  /** An absolute folder that holds the model's files, each verified against its digest. */
  async directoryOf(model: Model): Promise<string> {
    return await (await this.#open()).directoryOf(model);
  }

  /**
   * Changes what is said of a version; its files never change.
   *
   * @param reference `name:version`
   * @throws ModelsError `ModelNotFound`, `ModelInputInvalid` · ContractError `InvalidReference`
   */
  async update(reference: string, changes: ModelChanges): Promise<Model> {
    const { name, version } = await this.show(reference);
    return await (await this.#open()).update({ name, version }, changes);
  }

  /**
   * Copies a model's files into a folder, each checked against its digest.
   *
   * @returns absolute paths
   * @throws ModelsError `ModelNotFound`, `ModelCorrupted`, `TargetExists` · ContractError `InvalidReference`
   */
  async download(reference: string, options: DownloadModelOptions): Promise<readonly string[]> {
    return await (await this.#open()).download(parseModelReference(reference), options);
  }

  /** What stands in the way of deleting a version, in the order in which it would have to go. */
  async deletionPlan(reference: string): Promise<DeletionPlan> {
    const model = await this.show(requireVersion(reference));
    return { model: model.id, ...(await this.#usersOf(model.id)) };
  }

  /**
   * Deletes a version. Its number is never given again.
   *
   * @param reference `name:version`; a name alone is not enough
   * @throws ModelsError `ModelNotFound`, `ModelInUse` with the services and images that use it, unless `cascade` deletes
   *   these first · ContractError `InvalidReference`
   */
  async delete(reference: string, { cascade = false }: { readonly cascade?: boolean } = {}): Promise<DeletionPlan> {
    const plan = await this.deletionPlan(reference);
    if (cascade) await this.#deleteUsers(plan);
    const { name, version } = await this.show(plan.model);
    const dependants = async ({ id }: Model): Promise<readonly string[]> => {
      const { services, images } = await this.#usersOf(id);
      return [...services.map((one) => `service ${one}`), ...images.map((one) => `image ${one}`)];
    };
    await (await this.#open()).delete({ name, version }, { dependants });
    this.#parts.events({ stage: 'model.delete', state: 'done', text: `deleted the model ${plan.model}` });
    return plan;
  }

  async #describe(training: BaselineInput, input: RegisterModelInput): Promise<DriftBaseline> {
    const [{ lookAtModel }, { makeBaseline }] = await Promise.all([
      import('@edgewright/models'),
      import('./baseline/make-baseline.ts'),
    ]);
    const { signature, format, mainPath } = await lookAtModel(input);
    const isRunnable = mainPath !== undefined && (format === 'onnx' || format === 'tfjs');
    return await makeBaseline(training, {
      signature,
      model: isRunnable ? { name: input.name, path: mainPath, format } : undefined,
      events: this.#parts.events,
      signal: input.signal,
    });
  }

  /** The services before the images, because a service may be of an image. */
  async #deleteUsers({ services, images }: DeletionPlan): Promise<void> {
    const { deleteImage } = await import('@edgewright/packager');
    for (const service of services) await this.#parts.deleteService(service);
    for (const image of images) {
      await deleteImage(this.#parts.folders.images, image);
      this.#parts.events({ stage: 'image.delete', state: 'done', text: `deleted the image ${image}` });
    }
  }

  async #usersOf(id: string): Promise<Pick<DeletionPlan, 'services' | 'images'>> {
    const { imagesWithModel } = await import('@edgewright/packager');
    const { folders } = this.#parts;
    return {
      services: await servicesWithModel(folders.services, id),
      images: await imagesWithModel(folders.images, id),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // one that could not be opened was told to whoever asked for it
    const registry = await this.#registry?.catch(() => undefined);
    this.#registry = undefined;
    await registry?.[Symbol.asyncDispose]();
  }

  async #open(): Promise<ModelRegistry> {
    this.#registry ??= this.#parts.openRegistry();
    return await this.#registry;
  }
}

/** Deleting "the latest" would delete another version each time. */
function requireVersion(reference: string): string {
  const { version } = parseModelReference(reference);
  if (version !== undefined) return reference;
  throw new ContractError(
    'InvalidReference',
    `"${reference}" names no version: expected NAME:VERSION such as ${reference}:1`,
    {
      details: { reference },
    },
  );
}
