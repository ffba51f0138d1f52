import type { StageFailure } from '../stage-failure.ts';
import type { DesiredService } from './service-folder.ts';
import type { ServiceLog } from './service-log.ts';

/** One revision of a local service that runs, as a process or as a container. */
export interface Replica {
  readonly revision: number;
  readonly processId?: number | undefined;
  /** Resolves when it can score; never when it ends before. */
  readonly ready: Promise<void>;
  /** Why it ended; it never rejects. */
  readonly ended: Promise<StageFailure>;
  /** Takes the requests from then on; called once it is ready, and before the former one is stopped. */
  serve(): Promise<void>;
  /** Lets it finish what it took, then ends it. */
  stop(): Promise<void>;
}

/** Begins to start what is wanted, and returns at once. */
export type StartReplica = (desired: DesiredService, log: ServiceLog) => Replica;
