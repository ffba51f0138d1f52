import type { RolloutGate } from '@edgewright/contract';
import type { AuditEntry, RingCounts, RingLook, RolloutRecord } from './rollout-record.ts';
import type { RolloutStore } from './rollout-store.ts';

/** A gate of a ring, and what it was over time. */
export interface GateSeries {
  readonly gate: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** The last value; null where nobody reports it. */
  readonly value: number | null;
  readonly passed: boolean;
  /** Milliseconds since 1970 of each value; the last is {@link value}. */
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}

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
  /** As the last look saw them; absent before the first, and when the change was taken back. */
  readonly counts?: RingCounts;
  /** Shares of devices that have the change, over time, from 0 to 1. */
  readonly ready: { readonly times: readonly number[]; readonly values: readonly number[] };
  /** Those that have been looked at. */
  readonly gates: readonly GateSeries[];
}

/** A rollout for people: its rings, their devices by state, and their gates over time. */
export interface RolloutView {
  readonly name: string;
  readonly state: RolloutRecord['state'] | 'paused';
  readonly reason: string;
  /** Milliseconds since 1970 of the last act or look. */
  readonly updatedTime: number;
  readonly rings: readonly RingStatus[];
  /** The last acts, the oldest first. */
  readonly acts: readonly AuditEntry[];
}

/** A long series is thinned to so many values: the newest stays, and so does each that failed. */
const MAX_VALUES = 120;
const MAX_ACTS = 50;

/**
 * @param known all looks so far, where somebody has read them already
 * @throws IotHubError `RolloutNotFound`
 */
export async function rolloutView(
  store: RolloutStore,
  name: string,
  known?: readonly RingLook[],
): Promise<RolloutView> {
  const record = await store.get(name);
  const [sizes, acts] = [await store.sizesOf(name), await store.auditOf(name)];
  const looks = known ?? (await store.looksOf(name));
  const isPaused = record.state === 'running' && record.wish === 'pause';
  // a rollback walks back to the first ring, so how far it had come stands in the audit log
  const begun = new Set(acts.filter(({ act }) => act === 'ring began').map(({ details }) => details));
  return {
    name,
    state: isPaused ? 'paused' : record.state,
    reason: record.reason,
    updatedTime: Math.max(record.createdTime, acts.at(-1)?.time ?? 0, looks.at(-1)?.time ?? 0),
    rings: record.file.rings.map((ring, index) => {
      const state = ringState(record, index, begun.has(ring.name));
      const seen = looks.filter((look) => look.ring === index);
      return {
        name: ring.name,
        devices: sizes[index] ?? 0,
        state,
        ...ringSeries(record.file.gates ?? [], seen, state),
      };
    }),
    acts: acts.slice(-MAX_ACTS),
  };
}

function ringSeries(
  gates: readonly RolloutGate[],
  looks: readonly RingLook[],
  state: RingStatus['state'],
): Pick<RingStatus, 'counts' | 'ready' | 'gates'> {
  const counts = state === 'rolled-back' ? undefined : looks.at(-1)?.devices;
  const shown = thinned(looks, () => false);
  return {
    ...(counts === undefined ? {} : { counts }),
    ready: { times: shown.map(({ time }) => time), values: shown.map(({ devices }) => readyShare(devices)) },
    gates: gates.flatMap((gate) => gateSeries(gate, looks) ?? []),
  };
}

function readyShare({ ready, pending, failed, offline }: RingCounts): number {
  return ready / Math.max(1, ready + pending + failed + offline);
}

function gateSeries({ name, minimum, maximum }: RolloutGate, looks: readonly RingLook[]): GateSeries | undefined {
  const all = looks.flatMap(({ time, gates }) => {
    const found = gates.find(({ gate }) => gate === name);
    return found === undefined ? [] : [{ ...found, time }];
  });
  const last = all.at(-1);
  if (last === undefined) return undefined;
  const shown = thinned(all, ({ passed }) => !passed);
  return {
    gate: name,
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    value: last.value,
    passed: last.passed,
    times: shown.map(({ time }) => time),
    values: shown.map(({ value }) => value),
  };
}

function thinned<Item>(items: readonly Item[], mustStay: (item: Item) => boolean): Item[] {
  const step = Math.ceil(items.length / MAX_VALUES);
  return items.filter((item, index) => (items.length - 1 - index) % step === 0 || mustStay(item));
}

function ringState({ state, ring, phase }: RolloutRecord, index: number, isBegun: boolean): RingStatus['state'] {
  if (state === 'rolled-back') return isBegun ? 'rolled-back' : 'untouched';
  if (state === 'rolling-back') return !isBegun ? 'untouched' : index > ring ? 'rolled-back' : 'rolling-back';
  if (state === 'done' || index < ring) return 'passed';
  if (state === 'aborted') return isBegun ? 'left' : 'untouched';
  return index > ring || phase === 'pending' ? 'waits' : phase;
}
