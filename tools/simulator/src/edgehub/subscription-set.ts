import type { SessionStore } from './session-store.ts';
import { matchesTopicFilter, subscriptionKind } from './mqtt-topics.ts';
import type { SubscriptionKind } from './mqtt-topics.ts';

export interface Subscription {
  readonly qos: 0 | 1;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** The subscriptions of one connection, kept for the next one unless its session is clean. */
export class SubscriptionSet {
  /** True when an earlier connection left subscriptions behind. */
  readonly isRestored: boolean;
  readonly #client: string;
  readonly #store: SessionStore | undefined;
  readonly #subscriptions: Map<string, Subscription>;

  /** @param clean true: forget what was kept, and keep nothing */
  constructor(client: string, store: SessionStore, clean: boolean) {
    const kept = clean ? undefined : store.get(client);
    if (clean) store.remove(client);
    this.isRestored = kept !== undefined;
    this.#client = client;
    this.#store = clean ? undefined : store;
    this.#subscriptions = new Map(kept);
  }

  kinds(): ReadonlySet<SubscriptionKind> {
    return new Set([...this.#subscriptions.keys()].map((filter) => subscriptionKind(filter)));
  }

  /** The same filter again keeps its age unless its quality of service changes. */
  add(filter: string, qos: 0 | 1, now: number): void {
    if (this.#subscriptions.get(filter)?.qos === qos) return;
    this.#subscriptions.set(filter, { qos, createdAt: now });
    this.#store?.put(this.#client, this.#subscriptions);
  }

  remove(filter: string): void {
    if (this.#subscriptions.delete(filter)) this.#store?.put(this.#client, this.#subscriptions);
  }

  /**
   * The subscription with the highest quality of service that takes a topic.
   *
   * @param at when the message was made: younger subscriptions do not take it; milliseconds since 1970
   */
  match(topic: string, at: number): Subscription | undefined {
    let best: Subscription | undefined;
    for (const [filter, subscription] of this.#subscriptions) {
      if (subscription.createdAt > at || !matchesTopicFilter(filter, topic)) continue;
      if (best === undefined || subscription.qos > best.qos) best = subscription;
    }
    return best;
  }
}
