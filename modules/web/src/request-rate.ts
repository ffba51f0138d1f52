import { WebError } from './web-error.ts';

/** Addresses that are remembered; more push out those that were heard of longest ago. */
const MAX_ADDRESSES = 10_000;

/** Requests of each address in the second that runs. */
export class RequestRate {
  readonly #most: number;
  readonly #addresses = new Map<string, { second: number; count: number }>();

  constructor(requestsPerSecond: number) {
    this.#most = requestsPerSecond;
  }

  /** @throws WebError `TooManyRequests` */
  count(address: string): void {
    const second = Math.floor(performance.now() / 1000);
    const known = this.#addresses.get(address);
    const entry = known?.second === second ? known : { second, count: 0 };
    entry.count += 1;
    // the order of a map is that of its insertions
    this.#addresses.delete(address);
    this.#addresses.set(address, entry);
    if (this.#addresses.size > MAX_ADDRESSES) this.#addresses.delete(this.#addresses.keys().next().value ?? '');
    if (entry.count <= this.#most) return;
    throw new WebError('TooManyRequests', `more than ${this.#most} requests in a second came from this address`, {
      details: { requestsPerSecond: this.#most },
    });
  }
}
