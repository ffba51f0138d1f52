/** Why a revision did not come up. */
export interface StageFailure {
  /** `start`, `configuration`, `load`, `init`, `listen`, `run`; for clusters also `pull` and `schedule`. */
  readonly stage: string;
  readonly message: string;
  /** What most likely has to be mended. */
  readonly likelyCause: string;
  /** The end of its log. */
  readonly log: readonly string[];
}
