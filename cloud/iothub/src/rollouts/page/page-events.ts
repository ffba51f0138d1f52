import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@edgewright/contract';
import type { RingLook } from '../rollout-record.ts';
import type { RolloutStore } from '../rollout-store.ts';
import { rolloutView } from '../rollout-view.ts';
import type { RolloutView } from '../rollout-view.ts';

export interface PageEventsOptions {
  readonly store: RolloutStore;
  /** Milliseconds between two looks into the store. */
  readonly intervalMs: number;
  /** The rollout that is looked at; default: the newest that goes on, else the newest. */
  readonly name?: string | undefined;
  readonly signal: AbortSignal;
}

/** What the page draws. */
export interface PageState {
  /** All rollouts, the newest first. */
  readonly rollouts: readonly { readonly name: string; readonly state: RolloutView['state'] }[];
  /** The one that is looked at. */
  readonly view?: RolloutView;
}

/** A browser that reads no faster is sent nothing more until it has. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Proxies and browsers give silent connections up. */
const KEEP_ALIVE_MS = 15_000;

/** Sends server-sent events until the signal ends it: `state` when something has changed, `trouble` when the store fails. */
export async function pageEvents(options: PageEventsOptions, response: Writable): Promise<void> {
  const { signal, intervalMs } = options;
  const follow = follower(options);
  let told = '';
  let toldTime = 0;
  while (!signal.aborted) {
    const event = await follow().then(
      (state) => `event: state\ndata: ${JSON.stringify(state)}\n\n`,
      (error: unknown) => `event: trouble\ndata: ${JSON.stringify(messageOf(error))}\n\n`,
    );
    const isDue = event !== told || performance.now() - toldTime > KEEP_ALIVE_MS;
    if (isDue && response.writableLength < MAX_WAITING_BYTES && !signal.aborted) {
      response.write(event);
      told = event;
      toldTime = performance.now();
    }
    await delay(intervalMs, undefined, { signal }).catch(() => {});
  }
  response.end();
}

/** Reads how things stand now; looks of a rollout are read once. */
function follower({ store, name }: PageEventsOptions): () => Promise<PageState> {
  const looks: RingLook[] = [];
  let followed = '';
  return async () => {
    const records = (await store.list()).toReversed();
    const rollouts = records.map((record) => ({
      name: record.name,
      state: record.state === 'running' && record.wish === 'pause' ? ('paused' as const) : record.state,
    }));
    const wanted = records.find((record) => record.name === name) ?? records.find(({ state }) => state === 'running');
    const chosen = (wanted ?? records[0])?.name;
    if (chosen === undefined) return { rollouts };
    if (chosen !== followed) looks.length = 0;
    followed = chosen;
    looks.push(...(await store.looksOf(chosen, looks.at(-1)?.time)));
    return { rollouts, view: await rolloutView(store, chosen, looks) };
  };
}
