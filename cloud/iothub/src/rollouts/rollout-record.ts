import type { RolloutFile } from '@edgewright/contract';
import type { DeploymentContent } from '../hub-deployments.ts';
import type { GateValue } from './check-gates.ts';

/** How far a ring is: `pending` until it may begin, then its devices are tagged, get it, are watched, and it has passed. */
export type RingPhase = 'pending' | 'deploying' | 'settling' | 'watching';
export type RolloutState = 'running' | 'rolling-back' | 'done' | 'rolled-back' | 'aborted';
/** What a person wants of a rollout. */
export type RolloutWish = 'run' | 'pause' | 'abort' | 'rollback';

/** Where a rollout stands. */
export interface RolloutRecord {
  readonly name: string;
  readonly file: RolloutFile;
  readonly content: DeploymentContent;
  readonly state: RolloutState;
  readonly wish: RolloutWish;
  /** The ring that is worked on, from 0. */
  readonly ring: number;
  readonly phase: RingPhase;
  /** Milliseconds since 1970 at which the phase began. */
  readonly phaseSince: number;
  /** Rings below this number are approved. */
  readonly approved: number;
  /** Why it waits, or was rolled back. */
  readonly reason: string;
  readonly createdTime: number;
}

/** What of a rollout changes while it goes on. */
export type RolloutChange = Partial<
  Pick<RolloutRecord, 'state' | 'wish' | 'ring' | 'phase' | 'phaseSince' | 'approved' | 'reason'>
>;

/** What a device had before its ring began. */
export interface DevicePast {
  /** Desired properties by the module whose twin the change writes. */
  readonly desired: Readonly<Record<string, unknown>>;
  /** Counters that gates compare, by their paths. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface RolloutDevice {
  readonly deviceId: string;
  readonly ring: number;
  readonly before: DevicePast;
}

/** An act, for the audit log. */
export interface AuditEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly act: string;
  readonly details: string;
}

/** How many devices of a ring are in which state. */
export interface RingCounts {
  /** They have the change. */
  readonly ready: number;
  /** They do not have it yet. */
  readonly pending: number;
  /** They do not have it, and edgeAgent reports that its configuration or the module failed. */
  readonly failed: number;
  /** They do not have it, and are not connected. */
  readonly offline: number;
}

/** What one look at a ring saw. */
export interface RingLook {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly ring: number;
  readonly devices: RingCounts;
  /** Empty while too few devices have the change. */
  readonly gates: readonly GateValue[];
}
