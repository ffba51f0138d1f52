import type { GateRecord, RolloutRecord, RolloutStore } from './rollout-store.ts';

export interface RingStatus {
  readonly name: string;
  readonly devices: number;
  readonly state:
    | 'waits'
    | 'deploying'
    | 'settling'
    | 'watching'
    | 'passed'
    | 'rolling-back'
    | 'rolled-back'
    | 'untouched'
    | 'left';
  /** The last value of each gate. */
  readonly gates: readonly GateRecord[];
}

/** A rollout for people: its rings, and the gates with their last values. */
export interface RolloutView {
  readonly name: string;
  readonly state: RolloutRecord['state'] | 'paused';
  readonly reason: string;
  readonly rings: readonly RingStatus[];
}

/** @throws IotHubError `RolloutNotFound` */
export function rolloutView(store: RolloutStore, name: string): RolloutView {
  const record = store.get(name);
  const gates = store.gatesOf(name);
  const isPaused = record.state === 'running' && record.wish === 'pause';
  // a rollback walks back to the first ring, so how far it had come stands in the audit log
  const begun = new Set(
    store
      .auditOf(name)
      .filter(({ act }) => act === 'ring began')
      .map(({ details }) => details),
  );
  return {
    name,
    state: isPaused ? 'paused' : record.state,
    reason: record.reason,
    rings: record.file.rings.map((ring, index) => ({
      name: ring.name,
      devices: store.devicesOf(name, index).length,
      state: ringState(record, index, begun.has(ring.name)),
      gates: [
        ...Map.groupBy(
          gates.filter((gate) => gate.ring === index),
          ({ gate }) => gate,
        ).values(),
      ].flatMap((values) => values.at(-1) ?? []),
    })),
  };
}

function ringState({ state, ring, phase }: RolloutRecord, index: number, isBegun: boolean): RingStatus['state'] {
  if (state === 'rolled-back') return isBegun ? 'rolled-back' : 'untouched';
  if (state === 'rolling-back') return !isBegun ? 'untouched' : index > ring ? 'rolled-back' : 'rolling-back';
  if (state === 'done' || index < ring) return 'passed';
  if (state === 'aborted') return isBegun ? 'left' : 'untouched';
  return index > ring || phase === 'pending' ? 'waits' : phase;
}
