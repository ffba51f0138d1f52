import type { Model, ModelReference } from '@edgewright/contract';

/** What one registers. */
export interface RegisterModelInput {
  /** 1 to 255 letters, digits, `-`, `.` or `_`, the first one a letter or digit (Azure ML's rule). */
  readonly name: string;
  /** A file, or a folder whose tree is kept. */
  readonly path: string;
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
  /** Default: `Onnx` when an ONNX file was found, else `Custom`. */
  readonly framework?: Model['framework'];
  /** Only together with `framework`. */
  readonly frameworkVersion?: string;
  readonly signal?: AbortSignal;
}

/** Which models to list. All conditions given must hold. */
export interface ModelFilter {
  readonly name?: string;
  /** Tags that must be there: `KEY`, or `KEY=VALUE`. */
  readonly tags?: readonly string[];
  /** Properties that must be there: `KEY`, or `KEY=VALUE`. */
  readonly properties?: readonly string[];
  readonly framework?: Model['framework'];
  /** Only the highest version of each name. */
  readonly latest?: boolean;
  /** At most this many on one page, 1 to 1000; default 100. */
  readonly pageSize?: number;
  /** `nextToken` of the page before. */
  readonly nextToken?: string;
}

/** One page of a list, by name and then from the highest version down. */
export interface ModelPage {
  readonly models: readonly Model[];
  /** Given when there are more. */
  readonly nextToken?: string;
}

/** Named, numbered, unchangeable models. Close it with `await using` or `[Symbol.asyncDispose]()`. */
export interface ModelRegistry extends AsyncDisposable {
  /**
   * Stores a file or a folder as the next version of a name. Once this resolves, the version survives a crash.
   *
   * @throws ModelsError `ModelFileInvalid`, `ModelInputInvalid`, `RegistryUnusable`
   */
  register(input: RegisterModelInput): Promise<Model>;

  /**
   * The version named, or the highest one.
   *
   * @throws ModelsError `ModelNotFound`
   */
  get(reference: ModelReference): Promise<Model>;

  /** @throws ModelsError `ModelInputInvalid` for a token or page size that is none */
  list(filter?: ModelFilter): Promise<ModelPage>;

  /**
   * A folder that holds the model's files under their own names; every file's digest was checked by this call. The folder
   * belongs to the registry: read only.
   *
   * @throws ModelsError `ModelCorrupted`, `ModelNotFound`
   */
  directoryOf(model: Model): Promise<string>;
}
