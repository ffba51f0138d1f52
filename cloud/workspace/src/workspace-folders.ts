/** Where a workspace keeps its things. */
export interface WorkspaceFolders {
  readonly root: string;
  /** The model registry. */
  readonly models: string;
  /** An OCI image layout with every image built. */
  readonly images: string;
  /** The state of the simulator. */
  readonly simulator: string;
  /** What was deployed, and the services of this machine. */
  readonly services: string;
  /** Batch jobs: what was submitted, how far they are, and results that have no other place. */
  readonly batches: string;
  /** What can be made again at any time. */
  readonly cache: string;
}
