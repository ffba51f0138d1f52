import { setTimeout as delay } from 'node:timers/promises';
import type { RingLook } from './rollout-record.ts';
import type { RolloutStore } from './rollout-store.ts';
import { rolloutView } from './rollout-view.ts';
import type { RolloutView } from './rollout-view.ts';

export interface WatchRolloutOptions {
  readonly name: string;
  /** Milliseconds between two looks into the store. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

/**
 * Follows a rollout: how it stands now, and then each time that something has changed, until it has ended or the signal ends it.
 * Each look at devices is read once.
 *
 * @throws IotHubError `RolloutNotFound`
 */
export async function* watchRollout(store: RolloutStore, options: WatchRolloutOptions): AsyncGenerator<RolloutView> {
  const { name, intervalMs, signal } = options;
  const looks: RingLook[] = [];
  let told = '';
  while (!signal.aborted) {
    looks.push(...(await store.looksOf(name, looks.at(-1)?.time)));
    const view = await rolloutView(store, name, looks);
    const text = JSON.stringify(view);
    if (text !== told) yield view;
    told = text;
    if (isOver(view)) return;
    await delay(intervalMs, undefined, { signal }).catch(() => {});
  }
}

/** Nothing more happens to it by itself. */
export function isOver({ state }: Pick<RolloutView, 'state'>): boolean {
  return state === 'done' || state === 'rolled-back' || state === 'aborted';
}
