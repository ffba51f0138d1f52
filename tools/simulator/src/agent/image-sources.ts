/** An image that is to be brought from its registry. */
export interface PullRequest {
  /** As the manifest has it, such as `registry.example/filter:1`. */
  readonly reference: string;
  /** The OCI image layout that it is to be in, under this name; made when it is not there. */
  readonly layoutDirectory: string;
  /** Of the deployment, for this registry. */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly signal: AbortSignal;
}

/** Brings an image from its registry; throws when it cannot. */
export type PullImage = (request: PullRequest) => Promise<void>;

/** Where the agent finds the images of modules. */
export interface ImageSources {
  /** Folders with an OCI image layout each; a reference is looked up in all of them, in this order. */
  readonly layouts: readonly string[];
  /** The layout folder of single references, by the reference as the manifest has it; goes before `layouts`. */
  readonly references: Readonly<Record<string, string>>;
  /** How images get here that are in no layout; without it they do not. Containers are their engine's business. */
  readonly registries?: {
    readonly pull: PullImage;
    /** The layout that they are pulled into. */
    readonly layoutDirectory: string;
  };
}
