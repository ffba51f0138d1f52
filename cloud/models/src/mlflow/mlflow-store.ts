/** A run of an experiment, as MLflow keeps it. */
export interface MlflowRun {
  readonly runId: string;
  readonly experimentName: string;
}

/** Which run is meant: by its id, or the newest finished one of an experiment. */
export interface RunSelection {
  readonly runId?: string;
  readonly experimentName?: string;
}

/** Where MLflow keeps runs and what they wrote. */
export interface MlflowStore {
  /** @throws ModelsError `RunNotFound`, `TrackingStoreFailed` */
  findRun(selection: RunSelection): Promise<MlflowRun>;

  /**
   * What a run wrote, as a file or folder of this machine.
   *
   * @param assetPath inside the run's artifacts, with `/`
   * @param staging an empty folder in which it may be put
   * @throws ModelsError `RunNotFound`, `TrackingStoreFailed`
   */
  fetchAsset(run: MlflowRun, assetPath: string, staging: string): Promise<string>;
}
