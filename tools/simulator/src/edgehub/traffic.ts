import type { EdgeMessage } from './edge-message.ts';

/** A message that edgeHub took. */
export interface TakenMessage {
  readonly message: EdgeMessage;
  /** `device/module`, or the leaf device. */
  readonly from: string;
  /** The names of the routes that it matched; empty when it was dropped. */
  readonly routes: readonly string[];
}

/** How many messages there were since edgeHub started. */
export interface MessageCounts {
  readonly taken: Readonly<Record<string, number>>;
  readonly sent: Readonly<Record<string, number>>;
  readonly routes: Readonly<Record<string, number>>;
  readonly dropped: number;
}

/** The most names that are counted one by one, so that a client with ever new names does not fill the memory. */
const MAX_NAMES = 1000;

/** What passes through edgeHub, counted, and shown to whoever looks. */
export class Traffic {
  readonly #taken = new Map<string, number>();
  readonly #sent = new Map<string, number>();
  readonly #routes = new Map<string, number>();
  readonly #listeners = new Set<(taken: TakenMessage) => void>();
  #dropped = 0;

  /** Told of every message that edgeHub takes, until it is disposed of. */
  onMessage(listener: (taken: TakenMessage) => void): Disposable {
    this.#listeners.add(listener);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener);
      },
    };
  }

  taken(taken: TakenMessage): void {
    count(this.#taken, taken.from);
    for (const route of taken.routes) count(this.#routes, route);
    if (taken.routes.length === 0) this.#dropped += 1;
    for (const listener of this.#listeners) listener(taken);
  }

  /** @param to `device/module`, or `upstream` */
  sent(to: string): void {
    count(this.#sent, to);
  }

  counts(): MessageCounts {
    return {
      taken: Object.fromEntries(this.#taken),
      sent: Object.fromEntries(this.#sent),
      routes: Object.fromEntries(this.#routes),
      dropped: this.#dropped,
    };
  }
}

function count(counts: Map<string, number>, name: string): void {
  const before = counts.get(name);
  if (before !== undefined || counts.size < MAX_NAMES) counts.set(name, (before ?? 0) + 1);
}
