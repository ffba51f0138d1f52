import type { DriftBaseline, Model, ModelDataset, ModelReference } from '@edgewright/contract';
import type { MlflowRun } from './mlflow/mlflow-store.ts';

/** What one registers. */
export interface RegisterModelInput {
  /** 1 to 255 letters, digits, `-`, `.` or `_`, the first one a letter or digit (Azure ML's rule). */
  readonly name: string;
  /** A file, or a folder whose tree is kept. */
  readonly path: string;
  /** Of a folder, only these files and folders, with `/`; default: everything. */
  readonly childPaths?: readonly string[];
  readonly description?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
  /** Default: `Onnx` when an ONNX file was found, else `Custom`. */
  readonly framework?: Model['framework'];
  /** Only together with `framework`. */
  readonly frameworkVersion?: string;
  /** What a service of this model should get when its deployment does not say. */
  readonly resourceConfiguration?: NonNullable<Model['resourceConfiguration']>;
  /** Data sets that the model was made from or tried with; edgewright keeps the ids, and finds models by them. */
  readonly datasets?: readonly ModelDataset[];
  readonly sampleInputDatasetId?: string;
  readonly sampleOutputDatasetId?: string;
  /** The run that made the model; it is remembered. */
  readonly run?: MlflowRun;
  /** What the training data looked like; kept as a file of the model. */
  readonly baseline?: DriftBaseline;
  readonly signal?: AbortSignal;
}

/** What can be changed of a version that is registered. Its files never can. */
export interface ModelChanges {
  readonly description?: string;
  /** Added, or replaced where the key is there. */
  readonly addTags?: Readonly<Record<string, string>>;
  /** Keys; those that are not there are passed over. */
  readonly removeTags?: readonly string[];
  /** Added. A property that is there cannot be changed or removed. */
  readonly addProperties?: Readonly<Record<string, string>>;
  readonly resourceConfiguration?: NonNullable<Model['resourceConfiguration']>;
  /** Added to those that are there. */
  readonly addDatasets?: readonly ModelDataset[];
  readonly sampleInputDatasetId?: string;
  readonly sampleOutputDatasetId?: string;
}

export interface DeleteModelOptions {
  /** Names what uses a model: images, services. Nothing is deleted while it names anything. */
  readonly dependants?: (model: Model) => Promise<readonly string[]>;
}

export interface DownloadModelOptions {
  /** Made when it is not there. The model's files go into it with their own tree. */
  readonly targetDirectory: string;
  /** Replace files that are there; default false. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
}

/** A version, named in full. */
export type ExactModelReference = Required<ModelReference>;

/** Which models to list. All conditions given must hold. */
export interface ModelFilter {
  readonly name?: string;
  /** Tags that must be there: `KEY`, or `KEY=VALUE`. */
  readonly tags?: readonly string[];
  /** Properties that must be there: `KEY`, or `KEY=VALUE`. */
  readonly properties?: readonly string[];
  readonly framework?: Model['framework'];
  /** The run that made the model. */
  readonly runId?: string;
  /** A data set that the model refers to, whatever for. */
  readonly datasetId?: string;
  /** Only the highest version of each name, if it fits as well. */
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

  /**
   * Changes what is said of a version.
   *
   * @throws ModelsError `ModelNotFound`, `ModelInputInvalid` (also for a property that is there already)
   */
  update(reference: ExactModelReference, changes: ModelChanges): Promise<Model>;

  /**
   * Deletes a version, and its files unless another version has the same. Its number is not given again.
   *
   * @throws ModelsError `ModelNotFound`, `ModelInUse` with the names of what uses it
   */
  delete(reference: ExactModelReference, options?: DeleteModelOptions): Promise<void>;

  /**
   * Copies a model's files out of the registry and checks their digests on the way.
   *
   * @returns absolute paths of the files, in the order of the model's
   * @throws ModelsError `ModelNotFound`, `ModelCorrupted`, `TargetExists`
   */
  download(reference: ModelReference, options: DownloadModelOptions): Promise<readonly string[]>;
}
