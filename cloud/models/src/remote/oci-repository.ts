/** A manifest as a registry has it, to the byte. */
export interface OciManifestBytes {
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** What identifies a blob of a registry. */
export interface OciBlob {
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly size: number;
}

/**
 * One repository of a container registry, as the models need it. The registry of models does not speak the protocol itself:
 * it is given a client.
 */
export interface OciRepository extends Disposable {
  readonly registry: string;
  readonly repository: string;
  /** All tags. */
  tags(): Promise<readonly string[]>;
  /** @returns undefined when the tag is not there */
  manifest(tag: string): Promise<OciManifestBytes | undefined>;
  /** @returns undefined when the tag is not there */
  digestOf(tag: string): Promise<string | undefined>;
  /**
   * Points a tag at a manifest; whatever it pointed at before loses it.
   *
   * @param once never send the request a second time, not even when no answer came
   */
  putManifest(
    tag: string,
    manifest: { readonly bytes: Uint8Array; readonly mediaType: string; readonly once?: boolean },
  ): Promise<void>;
  /** Deletes a manifest and its tags. @returns false where the registry does not allow it */
  deleteManifest(digest: string): Promise<boolean>;
  /** Stores a file or a few bytes; what is there is not sent. */
  putBlob(blob: OciBlob, content: string | Uint8Array, signal?: AbortSignal): Promise<void>;
  /**
   * Copies a blob to a place of this machine where there is none. Whether it is the right one is for the caller to check.
   *
   * @returns false when the registry does not have it
   */
  fetchBlob(blob: OciBlob, file: string, signal?: AbortSignal): Promise<boolean>;
}
