import { parseModelReference } from '@edgewright/contract';
import type { EventSink, Model, ModelReference } from '@edgewright/contract';
import type { ModelFilter, ModelPage, ModelRegistry, RegisterModelInput } from '@edgewright/models';
import type { WorkspaceFolders } from './workspace-folders.ts';

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
