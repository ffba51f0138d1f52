import { batchPaths } from '@edgewright/contract';
import type { Place } from '../places/place.ts';

/**
 * Which mini-batches a node has begun and not finished. When the node dies and comes again, what it had begun counts as tried: a
 * mini-batch that takes its whole node with it is not tried for ever.
 */
export class TriesJournal {
  readonly #place: Place;
  readonly #name: string;
  readonly #open = new Map<number, number>();
  #former = new Map<number, number>();
  #writing = Promise.resolve();

  constructor(place: Place, shard: number) {
    this.#place = place;
    this.#name = `${batchPaths.nodes}${shard}/begun.json`;
  }

  async read(): Promise<void> {
    if ((await this.#place.find(this.#name)) === undefined) return;
    try {
      const written = JSON.parse((await this.#place.read(this.#name)).toString()) as Record<string, number>;
      this.#former = new Map(Object.entries(written).map(([index, tries]) => [Number(index), tries]));
      for (const [index, tries] of this.#former) this.#open.set(index, tries);
    } catch {
      // cut off by a loss of power: then nobody counts
    }
  }

  formerTries(index: number): number {
    return this.#former.get(index) ?? 0;
  }

  async begin(index: number, attempt: number): Promise<void> {
    this.#open.set(index, attempt);
    this.#writing = this.#writing.then(async () => {
      const text = JSON.stringify(Object.fromEntries(this.#open));
      await this.#place.write(this.#name, text, { isLoose: true });
    });
    await this.#writing;
  }

  /** Written with the next one that begins. */
  end(index: number): void {
    this.#open.delete(index);
  }
}
