import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { Model, ModelReference } from '@edgewright/contract';
import { changeModel } from './change-model.ts';
import { checkModelInput } from './check-model-input.ts';
import { downloadModel } from './download-model.ts';
import { inspectModel } from './inspect-model.ts';
import type { ModelContent } from './inspect-model.ts';
import { modelNotFound, refuseWhileUsed, SHOWN_VERSIONS } from './model-failure.ts';
import type {
  DeleteModelOptions,
  DownloadModelOptions,
  ExactModelReference,
  ModelChanges,
  ModelFilter,
  ModelPage,
  ModelRegistry,
  RegisterModelInput,
} from './model-registry.ts';
import { ModelsError } from './models-error.ts';
import { newModel } from './new-model.ts';
import { pageSizeOf } from './page-size.ts';
import { readPageToken, writePageToken } from './page-token.ts';
import type { BlobFolder, StagedFile } from './store/blob-folder.ts';
import type { ModelIndex } from './store/model-index.ts';
import { stageModel } from './store/stage-model.ts';

export interface LocalModelRegistryParts {
  readonly directory: string;
  readonly index: ModelIndex;
  readonly blobs: BlobFolder;
  readonly now: () => Date;
}

/** The registry in a folder of this machine: files under their digests, and a SQLite index of who uses them. */
export class LocalModelRegistry implements ModelRegistry {
  readonly #parts: LocalModelRegistryParts;

  /** Takes over the index and closes it. */
  constructor(parts: LocalModelRegistryParts) {
    this.#parts = parts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.index[Symbol.dispose]();
    await Promise.resolve();
  }

  async register(input: RegisterModelInput): Promise<Model> {
    checkModelInput(input);
    return await this.#guard(`register "${input.name}"`, async () => {
      await using staging = await this.#parts.blobs.openStaging();
      const { files, own, baseline } = await stageModel(input, this.#parts.blobs, staging.directory);
      const content = inspectModel(input.path, own, input.framework);
      return this.#commit(input, files, { ...content, ...(baseline === undefined ? {} : { baseline }) });
    });
  }

  async get(reference: ModelReference): Promise<Model> {
    return await this.#guard(`get "${reference.name}"`, async () => {
      await Promise.resolve();
      return this.#find(reference);
    });
  }

  async list(filter: ModelFilter = {}): Promise<ModelPage> {
    const pageSize = pageSizeOf(filter);
    const after = filter.nextToken === undefined ? undefined : readPageToken(filter.nextToken);
    return await this.#guard('list models', async () => {
      const page = this.#parts.index.page({ filter, pageSize, ...(after === undefined ? {} : { after }) });
      await Promise.resolve();
      return { models: page.models, ...(page.next === undefined ? {} : { nextToken: writePageToken(page.next) }) };
    });
  }

  async directoryOf(model: Model): Promise<string> {
    const stored = await this.get(model);
    return await this.#guard(`read the model ${model.id}`, () => this.#parts.blobs.tree(stored));
  }

  async update(reference: ExactModelReference, changes: ModelChanges): Promise<Model> {
    const { index, now } = this.#parts;
    return await this.#guard(`change "${reference.name}:${reference.version}"`, async () => {
      await Promise.resolve();
      return index.transaction(() => {
        const changed = changeModel(this.#find(reference), changes, now());
        index.replace(changed);
        return changed;
      });
    });
  }

  async delete(reference: ExactModelReference, options: DeleteModelOptions = {}): Promise<void> {
    const { index, blobs } = this.#parts;
    const model = await this.get(reference);
    await refuseWhileUsed(model, options);
    await this.#guard(`delete "${model.id}"`, async () => {
      await Promise.resolve();
      index.transaction(() => {
        this.#find(reference);
        index.remove(reference);
      });
      // after the commit: files that went before it would leave a broken version behind if the commit failed
      index.transaction(() => blobs.sweep(index));
    });
  }

  async download(reference: ModelReference, options: DownloadModelOptions): Promise<readonly string[]> {
    const model = await this.get(reference);
    return await this.#guard(`download "${model.id}"`, () => downloadModel(model, this.#parts.blobs, options));
  }

  /** Makes a model known: its blobs go to their places and its row appears, or neither does. */
  #commit(input: RegisterModelInput, files: readonly StagedFile[], content: ModelContent): Model {
    const { index, blobs, now } = this.#parts;
    return index.transaction(() => {
      blobs.place(files);
      const model = newModel({ input, files, content, version: index.takeVersion(input.name), now: now() });
      index.insert(model);
      return model;
    });
  }

  #find(reference: ModelReference): Model {
    const model = this.#parts.index.find(reference);
    if (model !== undefined) return model;
    const { index, directory } = this.#parts;
    throw modelNotFound(reference, index.versionsOf(reference.name, SHOWN_VERSIONS + 1), directory);
  }

  /** Failures of disk and database become errors of this workspace. */
  async #guard<Result>(action: string, run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } catch (cause) {
      if (isEdgewrightError(cause) || !isSystemFailure(cause)) throw cause;
      throw new ModelsError(
        'RegistryUnusable',
        `cannot ${action} in the model registry "${this.#parts.directory}": ${messageOf(cause)}`,
        { details: { directory: this.#parts.directory }, cause },
      );
    }
  }
}

/** Errors of the operating system and of SQLite have codes; an abort and programming faults are passed on as they are. */
function isSystemFailure(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && cause.name === 'Error';
}
