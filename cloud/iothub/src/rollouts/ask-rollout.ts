import { IotHubError } from '../iothub-error.ts';
import type { RolloutRecord, RolloutWish } from './rollout-record.ts';
import type { RolloutStore } from './rollout-store.ts';

/**
 * Tells the controller of a rollout what a person wants; one that runs elsewhere hears of it at its next step. What is done or
 * aborted can still be taken back.
 *
 * @param now milliseconds since 1970
 * @throws IotHubError `RolloutNotFound`, `RolloutActRefused` when it has ended otherwise
 */
export async function askRollout(
  store: RolloutStore,
  name: string,
  { wish, now }: { readonly wish: RolloutWish; readonly now: number },
): Promise<void> {
  const record = await store.get(name);
  const reason = whyNot(record, wish);
  if (reason !== undefined) throw refusal(name, wish === 'run' ? 'go on with' : wish, reason);
  const again =
    wish === 'rollback' && (record.state === 'done' || record.state === 'aborted') ? { state: 'running' as const } : {};
  await store.change(name, { wish, ...again }, { time: now, act: `asked: ${wish}`, details: '' });
}

/** Lets the ring begin that waits for approval. @throws IotHubError `RolloutNotFound`, `RolloutActRefused` when none waits */
export async function approveRing(store: RolloutStore, name: string, now: number): Promise<void> {
  const record = await store.get(name);
  const { ring, phase, file, approved } = record;
  const { name: ringName = '', approval = false } = file.rings[ring] ?? {};
  const waits = record.state === 'running' && phase === 'pending' && approval && approved <= ring;
  if (!waits)
    throw refusal(name, 'approve', `no ring waits for approval; it is ${record.state}, at the ring "${ringName}"`);
  await store.change(name, { approved: ring + 1 }, { time: now, act: 'approved', details: ringName });
}

function whyNot({ state }: RolloutRecord, wish: RolloutWish): string | undefined {
  if (state === 'rolled-back') return 'it has been rolled back, and has left nothing';
  if (state === 'rolling-back') return wish === 'abort' ? 'it is being rolled back; pause it to stop there' : undefined;
  const isOver = state === 'done' || state === 'aborted';
  return isOver && wish !== 'rollback' ? `it is ${state}; only rollback can follow` : undefined;
}

function refusal(name: string, act: string, reason: string): IotHubError {
  return new IotHubError('RolloutActRefused', `cannot ${act} the rollout "${name}": ${reason}`, {
    details: { rollout: name },
  });
}
