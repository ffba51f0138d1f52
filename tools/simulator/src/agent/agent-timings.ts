/** The times by which the edge agent works. All in milliseconds. */
export interface AgentTimings {
  /** The wait before a first restart; doubles with each further one (`CoolOffTimeUnitInSeconds`). */
  readonly restartDelayMs: number;
  readonly maxRestartDelayMs: number;
  /** A module that fails more often than this stays `failed` (`MaxRestartCount`). */
  readonly maxRestartCount: number;
  /** A module that ran this long starts counting its restarts anew. */
  readonly healthyAfterMs: number;
  /** How long a module may take to end on SIGTERM before it is killed. */
  readonly stopGraceMs: number;
}

/** The times of the real edge agent; Docker's ten seconds for stopping. */
export const agentTimings: AgentTimings = {
  restartDelayMs: 10_000,
  maxRestartDelayMs: 300_000,
  maxRestartCount: 20,
  healthyAfterMs: 600_000,
  stopGraceMs: 10_000,
};
