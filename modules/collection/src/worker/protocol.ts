import type { KeeperFigures, KeeperPlan } from '../keeping/keeper-plan.ts';
import type { CollectedRequest } from '../rows/collected-request.ts';

/** What the host says to the collector's thread. */
export type HostMessage =
  | { readonly type: 'plan'; readonly plan: KeeperPlan; readonly number: number }
  | { readonly type: 'requests'; readonly requests: readonly CollectedRequest[] }
  /** Nothing is collected any more; what waits is kept for another time, or taken along within the deadline. */
  | { readonly type: 'end'; readonly deadlineMs: number };

/** What the collector's thread says to the host. */
export type WorkerMessage =
  /** A plan is in force, or why it is not. */
  | {
      readonly type: 'planned';
      readonly number: number;
      readonly error?: { readonly code: string; readonly message: string };
    }
  /** A message with requests was taken; how many they were. */
  | { readonly type: 'taken'; readonly requests: number }
  /** Since the thread began, over all plans. */
  | { readonly type: 'figures'; readonly figures: KeeperFigures }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly facts: Readonly<Record<string, unknown>>;
      readonly text: string;
    }
  | { readonly type: 'ended' };
