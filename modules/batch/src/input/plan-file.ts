import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { batchPaths } from '@edgewright/contract';
import { BatchError } from '../batch-error.ts';
import type { Place } from '../places/place.ts';
import type { PlanLine, PlanTotal } from './mini-batch.ts';

/** The plan of a job that is written once and read by all nodes as a stream. */
export class PlanFile {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  async exists(): Promise<boolean> {
    return (await this.#place.find(batchPaths.plan)) !== undefined;
  }

  /** @returns what the plan adds up to */
  async write(lines: AsyncIterable<PlanLine>): Promise<PlanTotal> {
    let total: PlanTotal | undefined;
    async function* encoded(): AsyncIterable<Uint8Array> {
      let text = '';
      for await (const line of lines) {
        if (line.kind === 'total') total = line;
        text += `${JSON.stringify(line)}\n`;
        if (text.length < 256 * 1024) continue;
        yield Buffer.from(text);
        text = '';
      }
      yield Buffer.from(text);
    }
    await this.#place.writeFrom(batchPaths.plan, encoded());
    return total ?? this.total();
  }

  async *lines(): AsyncGenerator<PlanLine> {
    const input = Readable.from(this.#place.stream(batchPaths.plan), { objectMode: false });
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (line !== '') yield JSON.parse(line) as PlanLine;
    }
  }

  /** The last line. */
  async total(): Promise<PlanTotal> {
    for await (const line of this.lines()) if (line.kind === 'total') return line;
    throw new BatchError('JobInvalid', `the plan ${this.#place.text}/${batchPaths.plan} has no end`);
  }
}
