import type { Client } from './client.ts';
import type { SubscriptionKind } from './mqtt-topics.ts';

/** What others want to know about the coming and going of clients. */
export interface ClientListener {
  connected?(client: Client): void;
  disconnected?(client: Client): void;
  /** Also called for subscriptions that a session brought back, after `connected`. */
  subscribed?(client: Client, kind: SubscriptionKind): void;
  unsubscribed?(client: Client, kind: SubscriptionKind): void;
}

/** The clients that are connected now, at most one of each name. */
export class ClientDirectory {
  readonly #clients = new Map<string, Client>();
  readonly #listeners: ClientListener[] = [];

  get size(): number {
    return this.#clients.size;
  }

  /** The client of this name, `device` or `device/module`. */
  get(name: string): Client | undefined {
    return this.#clients.get(name);
  }

  all(): Client[] {
    return [...this.#clients.values()];
  }

  listen(listener: ClientListener): void {
    this.#listeners.push(listener);
  }

  /** Takes a new client in; an older connection of the same one has to go. */
  add(client: Client): void {
    const older = this.#clients.get(client.name);
    this.#clients.set(client.name, client);
    older?.giveWay();
    for (const listener of this.#listeners) listener.connected?.(client);
  }

  /** Nothing happens when another connection of the same client has taken its place. */
  remove(client: Client): void {
    if (this.#clients.get(client.name) !== client) return;
    this.#clients.delete(client.name);
    for (const listener of this.#listeners) listener.disconnected?.(client);
  }

  subscribed(client: Client, kind: SubscriptionKind): void {
    for (const listener of this.#listeners) listener.subscribed?.(client, kind);
  }

  unsubscribed(client: Client, kind: SubscriptionKind): void {
    for (const listener of this.#listeners) listener.unsubscribed?.(client, kind);
  }
}
