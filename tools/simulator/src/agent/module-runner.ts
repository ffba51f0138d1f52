import type { ModuleSpec } from './module-spec.ts';

/** How a module's process or container ended. */
export interface ModuleExit {
  /** 128 and the signal's number when a signal ended it. */
  readonly exitCode: number;
  readonly description: string;
}

/** A module that was started. */
export interface RunningModule {
  /** Of its process; absent for a container. */
  readonly pid?: number;
  readonly exited: Promise<ModuleExit>;
  /** Asks it to end, and ends it by force when it has not after so long; resolves when it is gone with all that it started. */
  stop(graceMs: number): Promise<void>;
}

/** A module that is ready to be started, any number of times. */
export interface PreparedModule {
  /** Digest of the image. */
  readonly imageDigest: string;
  /** @param environment what edgeAgent gives a module */
  start(environment: Readonly<Record<string, string>>): Promise<RunningModule>;
}

/** A way to run modules: as processes of this machine, or as containers. */
export interface ModuleRunner extends AsyncDisposable {
  /**
   * Gets a module's image.
   *
   * @throws SimulatorError `ModuleImageUnusable`
   */
  prepare(spec: ModuleSpec, signal: AbortSignal): Promise<PreparedModule>;
  /** Removes what a module has left behind, its log included. */
  remove(moduleId: string): Promise<void>;
}
