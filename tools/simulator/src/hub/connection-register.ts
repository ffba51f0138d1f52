import { identityText } from './identity.ts';
import type { Connection, ConnectionState, IdentityName } from './identity.ts';

const NEVER: Connection = { state: 'Disconnected' };

/** Who is connected. Kept in memory only: after a restart nobody is. */
export class ConnectionRegister {
  readonly #now: () => number;
  readonly #connections = new Map<string, Connection>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get(name: IdentityName): Connection {
    return this.#connections.get(identityText(name)) ?? NEVER;
  }

  set(name: IdentityName, state: ConnectionState): void {
    const at = new Date(this.#now()).toISOString();
    const before = this.get(name);
    this.#connections.set(identityText(name), {
      state,
      stateUpdatedTime: before.state === state ? (before.stateUpdatedTime ?? at) : at,
      lastActivityTime: at,
    });
  }

  /** Notes that a device or module did something just now. */
  touch(name: IdentityName): void {
    this.#connections.set(identityText(name), {
      ...this.get(name),
      lastActivityTime: new Date(this.#now()).toISOString(),
    });
  }

  remove(name: IdentityName): void {
    this.#connections.delete(identityText(name));
  }

  connectedCount(): number {
    let count = 0;
    for (const [key, { state }] of this.#connections) if (state === 'Connected' && !key.includes('/')) count += 1;
    return count;
  }
}
