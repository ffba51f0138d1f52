/** Where the agent finds the images of modules. Nothing is fetched over a network. */
export interface ImageSources {
  /** Folders with an OCI image layout each; a reference is looked up in all of them, in this order. */
  readonly layouts: readonly string[];
  /** The layout folder of single references, by the reference as the manifest has it; goes before `layouts`. */
  readonly references: Readonly<Record<string, string>>;
}
