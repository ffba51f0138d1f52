import type { Model, ModelFile, ModelReference } from '@edgewright/contract';
import { isEdgewrightError } from '@edgewright/contract';
import { changeModel } from '../change-model.ts';
import { checkModelInput } from '../check-model-input.ts';
import { downloadModel } from '../download-model.ts';
import { inspectModel } from '../inspect-model.ts';
import { modelCorrupted, modelNotFound, refuseWhileUsed, SHOWN_VERSIONS } from '../model-failure.ts';
import type {
  DeleteModelOptions,
  DownloadModelOptions,
  ExactModelReference,
  ModelChanges,
  ModelFilter,
  ModelPage,
  ModelRegistry,
  RegisterModelInput,
} from '../model-registry.ts';
import { ModelsError } from '../models-error.ts';
import { newModel } from '../new-model.ts';
import { pageSizeOf } from '../page-size.ts';
import { readPageToken, writePageToken } from '../page-token.ts';
import type { BlobFolder } from '../store/blob-folder.ts';
import { labelConditions, meets } from '../store/label-condition.ts';
import { stageModel } from '../store/stage-model.ts';
import { readAhead } from './read-ahead.ts';
import type { ListedVersion, RemoteStore, StoredModel } from './remote-store.ts';

/** Documents that are asked for at once. */
const CONCURRENT_READS = 8;
/** So often a change is made again on top of somebody else's. */
const MAX_CHANGE_ATTEMPTS = 10;

export interface RemoteModelRegistryParts {
  readonly store: RemoteStore;
  /** Files that were fetched or sent; may be emptied at any time. */
  readonly cache: BlobFolder;
  readonly now: () => Date;
}

/** A registry that several machines share: documents and files in a remote store, and a folder with those in use here. */
export class RemoteModelRegistry implements ModelRegistry {
  readonly #store: RemoteStore;
  readonly #cache: BlobFolder;
  readonly #now: () => Date;

  /** Takes over the store and closes it. */
  constructor({ store, cache, now }: RemoteModelRegistryParts) {
    this.#store = store;
    this.#cache = cache;
    this.#now = now;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }

  async register(input: RegisterModelInput): Promise<Model> {
    checkModelInput(input);
    this.#checkNameLength(input.name);
    await using staging = await this.#cache.openStaging();
    const { files, own, baseline } = await stageModel(input, this.#cache, staging.directory);
    const content = {
      ...inspectModel(input.path, own, input.framework),
      ...(baseline === undefined ? {} : { baseline }),
    };
    const model = await this.#store.add({
      name: input.name,
      files,
      describe: (version) => newModel({ input, files, content, version, now: this.#now() }),
      ...(input.signal === undefined ? {} : { signal: input.signal }),
    });
    // what was just registered is most likely to be built into an image next
    this.#cache.place(files);
    return model;
  }

  async get(reference: ModelReference): Promise<Model> {
    return (await this.#find(reference)).model;
  }

  async list(filter: ModelFilter = {}): Promise<ModelPage> {
    const pageSize = pageSizeOf(filter);
    const after = filter.nextToken === undefined ? undefined : readPageToken(filter.nextToken);
    const conditions = labelConditions(filter);
    const listed = this.#store.list({
      expected: pageSize + 1,
      ...(filter.name === undefined ? {} : { name: filter.name }),
      ...(filter.latest === undefined ? {} : { latest: filter.latest }),
      ...(after === undefined ? {} : { after }),
    });
    const found: { readonly model: Model; readonly at: ListedVersion }[] = [];
    const read = async (at: ListedVersion) => ({ at, stored: await this.#store.read(at.name, at.version) });
    for await (const { at, stored } of readAhead(listed, CONCURRENT_READS, read)) {
      if (stored === undefined || !meets(stored.model, conditions)) continue;
      const last = found.at(-1);
      if (found.length === pageSize && last !== undefined) {
        const { name, version, cursor } = last.at;
        const position = { name, rank: -version, ...(cursor === undefined ? {} : { cursor }) };
        return { models: found.map(({ model }) => model), nextToken: writePageToken(position) };
      }
      found.push({ model: stored.model, at });
    }
    return { models: found.map(({ model }) => model) };
  }

  async directoryOf(model: Model): Promise<string> {
    const stored = await this.get(model);
    await this.#fetchMissing(stored);
    try {
      return await this.#cache.tree(stored);
    } catch (error) {
      if (!isEdgewrightError(error) || error.code !== 'ModelCorrupted') throw error;
      // the copy on this machine is spoilt, which says nothing of the store
      for (const { sha256 } of stored.files) await this.#cache.drop(sha256);
      await this.#fetchMissing(stored);
      return await this.#cache.tree(stored);
    }
  }

  async update(reference: ExactModelReference, changes: ModelChanges): Promise<Model> {
    for (let attempt = 1; attempt <= MAX_CHANGE_ATTEMPTS; attempt += 1) {
      const stored = await this.#find(reference);
      const changed = changeModel(stored.model, changes, this.#now());
      if (await this.#store.replace(stored, changed)) return changed;
    }
    throw this.#busy(`change the model ${reference.name}:${reference.version}`);
  }

  async delete(reference: ExactModelReference, options: DeleteModelOptions = {}): Promise<void> {
    for (let attempt = 1; attempt <= MAX_CHANGE_ATTEMPTS; attempt += 1) {
      const stored = await this.#find(reference);
      await refuseWhileUsed(stored.model, options);
      if (await this.#store.remove(stored)) return;
    }
    throw this.#busy(`delete the model ${reference.name}:${reference.version}`);
  }

  async download(reference: ModelReference, options: DownloadModelOptions): Promise<readonly string[]> {
    const model = await this.get(reference);
    await this.directoryOf(model);
    return await downloadModel(model, this.#cache, options);
  }

  async #find(reference: ModelReference): Promise<StoredModel> {
    const { name, version } = reference;
    if (version !== undefined) {
      const stored = await this.#store.read(name, version);
      if (stored !== undefined) return stored;
    }
    const known: number[] = [];
    for await (const listed of this.#store.list({ name, expected: SHOWN_VERSIONS + 1 })) {
      const stored = version === undefined ? await this.#store.read(name, listed.version) : undefined;
      if (stored !== undefined) return stored;
      if (version !== undefined) known.push(listed.version);
      if (known.length > SHOWN_VERSIONS) break;
    }
    throw modelNotFound(reference, known, this.#store.place);
  }

  /** Brings the files of a model that are not on this machine. @throws ModelsError `ModelCorrupted` */
  async #fetchMissing(model: Model): Promise<void> {
    for (const file of model.files) {
      if (!(await this.#cache.has(file))) await this.#fetch(model, file);
    }
  }

  async #fetch(model: Model, file: ModelFile): Promise<void> {
    await using staging = await this.#cache.openStaging();
    const stagedAt = `${staging.directory}/file`;
    const digest = await this.#store.fetch(file, stagedAt);
    if (digest === undefined) throw modelCorrupted(model, file, `is not in ${this.#store.place}`);
    if (digest.sha256 !== file.sha256) {
      const found = `has ${digest.sha256} in ${this.#store.place} (${digest.sizeBytes} of ${file.sizeBytes} bytes)`;
      throw modelCorrupted(model, file, found);
    }
    this.#cache.place([{ ...file, stagedAt }]);
  }

  #checkNameLength(name: string): void {
    const { maxNameCharacters, place } = this.#store;
    if (name.length <= maxNameCharacters) return;
    throw new ModelsError(
      'ModelInputInvalid',
      `cannot register "${name.slice(0, 40)}…" in ${place}: the name has ${name.length} characters, and this store has room for ${maxNameCharacters}`,
      { details: { name, place, maxNameCharacters } },
    );
  }

  #busy(action: string): ModelsError {
    return new ModelsError(
      'ModelStoreFailed',
      `cannot ${action} in ${this.#store.place}: others changed it ${MAX_CHANGE_ATTEMPTS} times meanwhile`,
      { details: { place: this.#store.place } },
    );
  }
}
