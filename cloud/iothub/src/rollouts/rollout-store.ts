import type {
  AuditEntry,
  DevicePast,
  RingLook,
  RolloutChange,
  RolloutDevice,
  RolloutRecord,
} from './rollout-record.ts';

/** The right to drive a rollout, until it is disposed of. */
export interface RolloutLock extends AsyncDisposable {
  /** Aborted, with an IotHubError `RolloutBusy`, when the right was lost to somebody else. */
  readonly signal: AbortSignal;
}

/**
 * Where rollouts are kept, so that a controller that died goes on where it was. Every write is whole or not at all. A store
 * may be used by several processes at once: one controller for each rollout, and people who look and wish.
 */
export interface RolloutStore extends AsyncDisposable {
  /**
   * Makes sure that only one controller works on a rollout. The lock of a controller that died ends by itself.
   *
   * @throws IotHubError `RolloutBusy`
   */
  lock(name: string): Promise<RolloutLock>;
  /** @throws IotHubError `RolloutExists` */
  create(record: RolloutRecord, devices: readonly RolloutDevice[], entry: AuditEntry): Promise<void>;
  /** @throws IotHubError `RolloutNotFound` */
  get(name: string): Promise<RolloutRecord>;
  /** All rollouts, the oldest first. */
  list(): Promise<readonly RolloutRecord[]>;
  /** Writes a change and what the audit log says of it, both or neither. @throws IotHubError `RolloutBusy` when the lock was lost */
  change(name: string, change: RolloutChange, entry?: AuditEntry): Promise<void>;
  auditOf(name: string): Promise<readonly AuditEntry[]>;
  /** How many devices each ring has. */
  sizesOf(name: string): Promise<readonly number[]>;
  devicesOf(name: string, ring: number): Promise<readonly RolloutDevice[]>;
  /** Keeps what the devices of a ring have before it begins, by device id. */
  keepPast(name: string, ring: number, past: ReadonlyMap<string, DevicePast>): Promise<void>;
  noteLook(name: string, look: RingLook): Promise<void>;
  /** Looks in their order. @param since milliseconds since 1970: only later ones */
  looksOf(name: string, since?: number): Promise<readonly RingLook[]>;
}
