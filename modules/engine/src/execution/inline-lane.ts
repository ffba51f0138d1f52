import type { JobOutput } from '../scoring/job.ts';
import type { ScoringUnit } from '../scoring/scoring-unit.ts';
import type { Lane } from './lane.ts';

/** A lane on the caller's own thread: no hop, but a job cannot be ended, and blocks the thread while the runtime works. */
export function inlineLane(unit: ScoringUnit): Lane {
  let running = new AbortController();
  return {
    run: async (job, request): Promise<JobOutput> => {
      // most jobs are never cancelled: a controller is used until it is spent
      if (running.signal.aborted) running = new AbortController();
      return unit.run(job, request, running.signal);
    },
    cancel: () => running.abort(),
    end: () => {
      running.abort();
      return false;
    },
  };
}
