/** How a module of an edge device fares, as its agent reports it. */
export interface ModuleState {
  readonly name: string;
  readonly status: 'unknown' | 'backoff' | 'running' | 'unhealthy' | 'stopped' | 'failed';
  readonly description: string;
  readonly exitCode: number;
  readonly restartCount: number;
  /** ISO 8601, as the other times. */
  readonly lastStartTime?: string;
  readonly lastExitTime?: string;
  readonly lastRestartTime?: string;
  /** Of its process, while it runs as one. */
  readonly pid?: number;
}
