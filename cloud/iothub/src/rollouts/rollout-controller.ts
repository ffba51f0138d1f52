import { setTimeout as delay } from 'node:timers/promises';
import { IotHubError } from '../iothub-error.ts';
import type { Hub } from '../hub.ts';
import { whyNotNow } from './begin-times.ts';
import { checkGates } from './check-gates.ts';
import { readRing } from './read-ring.ts';
import { deployRing, ringDeploymentId, withdrawRing } from './ring-deployment.ts';
import { readPast } from './ring-past.ts';
import type { AuditEntry, RolloutChange, RolloutRecord } from './rollout-record.ts';
import type { RolloutStore } from './rollout-store.ts';

export interface DriveOptions {
  readonly hub: Hub;
  readonly store: RolloutStore;
  readonly name: string;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told where the rollout stands after each step. */
  readonly onStep?: (record: RolloutRecord) => void;
}

const DEFAULT_POLL_SECONDS = 10;
const DEFAULT_READY_SECONDS = 900;
const DEFAULT_MINIMUM_READY = 0.95;
/** After a failure of the hub; doubled for each further one, up to a minute. */
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 60_000;

/**
 * Drives a rollout to its end, or until it is paused or the signal ends it. It may be ended anywhere, and another controller
 * goes on: each step can be done again, and is noted only when it is done.
 *
 * @returns where the rollout stands
 * @throws IotHubError `RolloutBusy` when another controller drives it, `RolloutNotFound`, and what the hub refuses for good
 */
export async function driveRollout(options: DriveOptions): Promise<RolloutRecord> {
  const { store, name, onStep } = options;
  await store.get(name);
  await using lock = await store.lock(name);
  const signal = AbortSignal.any([options.signal, lock.signal]);
  let failures = 0;
  for (;;) {
    lock.signal.throwIfAborted();
    const record = await store.get(name);
    onStep?.(record);
    const isOver = record.state !== 'running' && record.state !== 'rolling-back';
    if (isOver || record.wish === 'pause' || signal.aborted) return record;
    let waitMs = 0;
    try {
      waitMs = await step(options, record);
      failures = 0;
    } catch (error) {
      if (!(error instanceof IotHubError) || error.code !== 'HubUnavailable') throw error;
      // the hub is away, not the rollout wrong: what the devices do is read again when it is back
      waitMs = Math.min(FIRST_RETRY_MS * 2 ** failures, MAX_RETRY_MS);
      failures += 1;
    }
    if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => {});
  }
}

/** @returns milliseconds to wait before the next step */
async function step(options: DriveOptions, record: RolloutRecord): Promise<number> {
  if (record.state === 'rolling-back') return await rollBack(options, record);
  if (record.wish === 'rollback') return await fail(options, 'a person asked for it');
  if (record.wish === 'abort') {
    await note(options, { state: 'aborted' }, { act: 'aborted', details: 'devices keep what they have' });
    return 0;
  }
  if (record.phase === 'pending') return await begin(options, record);
  if (record.phase === 'deploying') {
    const { hub, store, name } = options;
    await deployRing(hub, record, await store.devicesOf(name, record.ring));
    await enter(options, 'settling', { act: 'deployed', details: ringDeploymentId(name, record.ring) });
    return 0;
  }
  return await look(options, record);
}

async function begin(options: DriveOptions, record: RolloutRecord): Promise<number> {
  const { hub, store, name } = options;
  const ring = record.file.rings[record.ring];
  const needsApproval = ring?.approval === true && record.approved <= record.ring;
  const reason = needsApproval ? `the ring "${ring.name}" waits for approval` : whyNotNow(record.file, options.now());
  if (reason === undefined) {
    await store.keepPast(name, record.ring, await readPast(hub, record, await store.devicesOf(name, record.ring)));
    await enter(options, 'deploying', { act: 'ring began', details: ring?.name ?? '' });
    return 0;
  }
  if (reason !== record.reason) await note(options, { reason }, { act: 'waits', details: reason });
  return pollMs(record);
}

/** Waits until enough devices have the change, then watches them for the time of the ring. */
async function look(options: DriveOptions, record: RolloutRecord): Promise<number> {
  const { hub, store, name, now } = options;
  const { file, ring } = record;
  const { minimumReady = DEFAULT_MINIMUM_READY, readyWithinSeconds = DEFAULT_READY_SECONDS, gates = [] } = file;
  const view = await readRing(hub, record, await store.devicesOf(name, ring));
  const isEnough = view.twins.size >= minimumReady * view.total;
  const seconds = (now() - record.phaseSince) / 1000;
  const devices = view.counts;
  const has = `${view.twins.size} of ${view.total} devices of the ring "${file.rings[ring]?.name ?? ''}"`;
  if (!isEnough) await store.noteLook(name, { ring, time: now(), devices, gates: [] });
  if (record.phase === 'settling' && !isEnough) {
    return seconds > readyWithinSeconds
      ? await fail(options, `only ${has} have the change after ${readyWithinSeconds} s`)
      : pollMs(record);
  }
  if (!isEnough) return await fail(options, `only ${has} still have the change and report`);
  const values = checkGates(gates, view);
  await store.noteLook(name, { ring, time: now(), devices, gates: values });
  const failed = values.find(({ passed }) => !passed);
  if (failed !== undefined)
    return await fail(options, `the gate "${failed.gate}" is ${failed.value ?? 'nothing'} over ${has}`);
  if (record.phase === 'settling') {
    await enter(options, 'watching', { act: 'has the change', details: has });
    return 0;
  }
  return seconds < (file.rings[ring]?.waitSeconds ?? 0) ? pollMs(record) : await pass(options, record);
}

async function pass(options: DriveOptions, record: RolloutRecord): Promise<number> {
  const { file, ring } = record;
  const act = { act: 'ring passed', details: file.rings[ring]?.name ?? '' };
  if (ring + 1 < file.rings.length) {
    await note(options, { ring: ring + 1, phase: 'pending', phaseSince: options.now(), reason: '' }, act);
    return 0;
  }
  const deployments = await options.hub.deployments.list();
  for (const id of file.removeAfter ?? []) {
    if (!deployments.some((deployment) => deployment.id === id)) continue;
    await options.hub.deployments.remove(id);
    await note(options, {}, { act: 'deleted', details: id });
  }
  await note(options, { state: 'done', reason: '' }, act);
  return 0;
}

async function fail(options: DriveOptions, reason: string): Promise<number> {
  await note(options, { state: 'rolling-back', reason }, { act: 'rolls back', details: reason });
  return 0;
}

/** The ring that failed first, then those before it; rings that had not begun are not touched. */
async function rollBack(options: DriveOptions, record: RolloutRecord): Promise<number> {
  const { hub, store, name } = options;
  const isBegun = record.phase !== 'pending';
  if (isBegun) {
    await withdrawRing(hub, record, { ring: record.ring, devices: await store.devicesOf(name, record.ring) });
    await note(options, {}, { act: 'rolled back', details: record.file.rings[record.ring]?.name ?? '' });
  }
  if (record.ring === 0)
    await note(options, { state: 'rolled-back' }, { act: 'rollback done', details: record.reason });
  else await store.change(name, { ring: record.ring - 1, phase: 'watching' });
  return 0;
}

async function enter(
  options: DriveOptions,
  phase: RolloutRecord['phase'],
  entry: Omit<AuditEntry, 'time'>,
): Promise<void> {
  await note(options, { phase, phaseSince: options.now(), reason: '' }, entry);
}

async function note(
  { store, name, now }: DriveOptions,
  change: RolloutChange,
  entry: Omit<AuditEntry, 'time'>,
): Promise<void> {
  await store.change(name, change, { time: now(), ...entry });
}

function pollMs({ file }: RolloutRecord): number {
  return (file.pollSeconds ?? DEFAULT_POLL_SECONDS) * 1000;
}
