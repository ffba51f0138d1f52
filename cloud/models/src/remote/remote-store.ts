import type { Model, ModelFile } from '@edgewright/contract';
import type { FileDigest } from '../store/file-digest.ts';
import type { StagedFile } from '../store/blob-folder.ts';
import type { PagePosition } from '../page-token.ts';

/** A version in a store, and which of its states was read. */
export interface StoredModel {
  readonly model: Model;
  /** Changes with every change of the document. */
  readonly revision: string;
}

/** A version that a store lists. */
export interface ListedVersion {
  readonly name: string;
  readonly version: number;
  /** From here the store can go on listing; goes into the page token. */
  readonly cursor?: string;
}

export interface ListQuery {
  /** Only this name. */
  readonly name?: string;
  /** Only the highest version of each name. */
  readonly latest?: boolean;
  /** Only what comes after this one. */
  readonly after?: PagePosition;
  /** About so many are wanted. */
  readonly expected: number;
}

/** Files that go into a store as a new version. */
export interface NewVersion {
  readonly name: string;
  readonly files: readonly StagedFile[];
  /** Makes the document once the number is known. */
  readonly describe: (version: number) => Model;
  readonly signal?: AbortSignal;
}

/**
 * Where a registry that several machines share keeps its documents and files. A document appears when all that it names is
 * there, in one step that cannot be seen half done.
 *
 * All methods throw ModelsError `ModelStoreRefused` and `ModelStoreFailed`, or what the transport throws.
 */
export interface RemoteStore extends AsyncDisposable {
  /** `azblob://ACCOUNT/CONTAINER`, `oci://HOST/REPOSITORY` */
  readonly place: string;
  /** Longer names of models have no room in this store. */
  readonly maxNameCharacters: number;

  /**
   * Versions by name and then from the highest down. Documents are not read; a version that is listed may be gone when it is
   * asked for.
   */
  list(query: ListQuery): AsyncIterable<ListedVersion>;

  /** @returns undefined when there is no such version */
  read(name: string, version: number): Promise<StoredModel | undefined>;

  /** Takes a number that nobody else gets, now or later, and adds the version. */
  add(version: NewVersion): Promise<Model>;

  /** Puts another document in place of the one that was read. @returns false when it was changed or deleted meanwhile */
  replace(stored: StoredModel, model: Model): Promise<boolean>;

  /** Removes a version. @returns false when it was changed or deleted meanwhile */
  remove(stored: StoredModel): Promise<boolean>;

  /**
   * Copies a file to a place of this machine where there is none.
   *
   * @returns the digest of what came; undefined when the store does not have the file
   */
  fetch(file: ModelFile, to: string, signal?: AbortSignal): Promise<FileDigest | undefined>;
}
