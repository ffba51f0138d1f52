import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { ContractError, parseModelReference } from '@edgewright/contract';
import type { EventSink, Model, ModelReference } from '@edgewright/contract';
import type {
  DownloadModelOptions,
  ModelChanges,
  ModelFilter,
  ModelPage,
  ModelRegistry,
  RegisterModelInput,
} from '@edgewright/models';
import type { WorkspaceFolders } from './workspace-folders.ts';

/** A model that a run of an experiment wrote. */
export interface RegisterFromRunInput extends Omit<RegisterModelInput, 'path' | 'run'> {
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

/** What deleting a model takes with it. */
export interface DeletionPlan {
  /** `NAME:VERSION` */
  readonly model: string;
  /** Images that hold the model. */
  readonly images: readonly string[];
}

/** The models of a workspace. The registry is opened when it is first needed, and closed with the workspace. */
export class WorkspaceModels implements AsyncDisposable {
  readonly #folders: WorkspaceFolders;
  readonly #events: EventSink;
  #registry: Promise<ModelRegistry> | undefined;

  constructor(folders: WorkspaceFolders, events: EventSink) {
    this.#folders = folders;
    this.#events = events;
  }

  /**
   * Registers a file or folder as the next version of a name.
   *
   * @throws ModelsError `ModelFileInvalid` · ContractError `InvalidReference`, `FileNotReadable`
   */
  async register(input: RegisterModelInput): Promise<Model> {
    const registry = await this.#open();
    this.#events({ stage: 'model.register', state: 'started', text: `registering ${input.name}` });
    const model = await registry.register(input);
    this.#events({ stage: 'model.register', state: 'done', text: `registered ${model.id}`, data: { id: model.id } });
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
    this.#events({
      stage: 'model.run',
      state: 'done',
      text: `taking ${assetPath} of the run ${run.runId}`,
      data: { ...run },
    });
    const staging = await mkdtemp(path.join(this.#folders.root, '.run-'));
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
   * One model: `name` for its latest version, or `name:version`.
   *
   * @throws ModelsError `ModelNotFound` · ContractError `InvalidReference`
   */
  async show(reference: string | ModelReference): Promise<Model> {
    return await (await this.#open()).get(typeof reference === 'string' ? parseModelReference(reference) : reference);
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
    const { imagesWithModel } = await import('@edgewright/packager');
    return { model: model.id, images: await imagesWithModel(this.#folders.images, model.id) };
  }

  /**
   * Deletes a version. Its number is never given again.
   *
   * @param reference `name:version`; a name alone is not enough
   * @throws ModelsError `ModelNotFound`, `ModelInUse` with the images that hold it, unless `cascade` deletes these first ·
   *   ContractError `InvalidReference`
   */
  async delete(reference: string, { cascade = false }: { readonly cascade?: boolean } = {}): Promise<DeletionPlan> {
    const plan = await this.deletionPlan(reference);
    const { deleteImage, imagesWithModel } = await import('@edgewright/packager');
    if (cascade) {
      for (const image of plan.images) {
        await deleteImage(this.#folders.images, image);
        this.#events({ stage: 'image.delete', state: 'done', text: `deleted the image ${image}` });
      }
    }
    const { name, version } = await this.show(plan.model);
    await (
      await this.#open()
    ).delete(
      { name, version },
      { dependants: async ({ id }) => (await imagesWithModel(this.#folders.images, id)).map((one) => `image ${one}`) },
    );
    this.#events({ stage: 'model.delete', state: 'done', text: `deleted the model ${plan.model}` });
    return plan;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const registry = await this.#registry;
    this.#registry = undefined;
    await registry?.[Symbol.asyncDispose]();
  }

  async #open(): Promise<ModelRegistry> {
    this.#registry ??= import('@edgewright/models').then(({ openModelRegistry }) =>
      openModelRegistry(this.#folders.models),
    );
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
