import { batchPaths } from '@edgewright/contract';
import type { MiniBatchResult } from '../score/result-lines.ts';
import type { Place } from '../places/place.ts';

/** A mini-batch that is done. */
export interface Part {
  readonly index: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Its name in the place of the job. */
  readonly name: string;
}

/**
 * What is done of a job: one object for each mini-batch, written whole or not at all, whose name says what came of it. Whoever lists
 * them knows how far the job is, and nothing is done twice: of two parts of a mini-batch, which only two nodes at the same one
 * could leave, the first by name counts.
 */
export class PartStore {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /** The failures first: once the part is there, all of it is there. */
  async write(index: number, { succeeded, failed, rows, failures }: MiniBatchResult): Promise<void> {
    if (failed > 0) await this.#place.write(failuresName(index), failures);
    await this.#place.write(`${batchPaths.parts}${digits(index)}.${succeeded}.${failed}`, rows);
  }

  /** In the order of their mini-batches. */
  async *list(): AsyncGenerator<Part> {
    let former = -1;
    for await (const { name } of this.#place.list(batchPaths.parts)) {
      const [, index, succeeded, failed] = /(\d+)\.(\d+)\.(\d+)$/.exec(name) ?? [];
      if (failed === undefined || Number(index) === former) continue;
      former = Number(index);
      yield { index: former, succeeded: Number(succeeded), failed: Number(failed), name };
    }
  }

  rows({ name }: Part): AsyncIterable<Uint8Array> {
    return this.#place.stream(name);
  }

  failures({ index }: Part): AsyncIterable<Uint8Array> {
    return this.#place.stream(failuresName(index));
  }
}

function failuresName(index: number): string {
  return `${batchPaths.failures}${digits(index)}.jsonl`;
}

/** So wide that their order is that of the numbers. */
function digits(index: number): string {
  return String(index).padStart(9, '0');
}
