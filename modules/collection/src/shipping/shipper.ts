import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectionDesignations, collectionPath, parseCollectionPath } from '@edgewright/contract';
import type { CollectionFormat, CollectionOwner, CollectionPlace } from '@edgewright/contract';
import type { BatchPart, BufferedGroup } from '../buffer/collection-buffer.ts';
import type { BufferSlot } from '../buffer/own-buffer.ts';
import { CollectionError } from '../collection-error.ts';
import { columnsOf, render } from '../files/render.ts';
import { lineOf } from '../sinks/sink.ts';
import type { Sink } from '../sinks/sink.ts';
import { pathOfColumns, placeCsv, readHead } from './place-part.ts';

export interface ShipperOptions {
  readonly sink: Sink;
  readonly source: BufferSlot;
  readonly owner: CollectionOwner;
  readonly format: CollectionFormat;
  /** Whether several processes write the same file, each block where it belongs; otherwise each has files of its own. */
  readonly sharesFiles: boolean;
  /** In one batch; default 5 000. */
  readonly maxRequests?: number;
}

/** What goes into one batch: a block of an append blob has at most 4 MiB in the oldest versions of the service. */
const MAX_REQUESTS = 5_000;
const MAX_BYTES = 2_097_152;
/** How often a block is tried where others write as well. */
const MAX_ATTEMPTS = 50;
const PAUSE_MS = 20;

/**
 * Writes what a buffer holds to its destination, each request exactly once. Before a block is written, the buffer notes what it is and
 * where the file ended; when it is not known whether it was written, it is looked for from there on. It is written only if the file
 * still ends there, so a late answer to an attempt that was given up cannot make it stand twice.
 */
export class Shipper {
  readonly #options: ShipperOptions;

  constructor(options: ShipperOptions) {
    this.#options = options;
  }

  /**
   * Writes one batch: the one under way, or the next one.
   *
   * @returns how many requests are through; undefined when there is nothing to write
   * @throws CollectionError `CollectionUploadFailed`; the batch stays
   */
  async shipNext(): Promise<number | undefined> {
    const { source, maxRequests = MAX_REQUESTS } = this.#options;
    const { buffer } = source;
    while (buffer.parts.length === 0) {
      const group = buffer.nextGroup({ maxRequests, maxBytes: MAX_BYTES });
      if (group === undefined) return undefined;
      buffer.beginBatch(group, await this.#partsOf(group));
    }
    let through = 0;
    for (const part of buffer.parts) {
      await this.#write(part);
      through += buffer.finishPart(part);
    }
    return through;
  }

  async #partsOf({ model, version, day, rows }: BufferedGroup): Promise<Omit<BatchPart, 'id'>[]> {
    const { owner, format, sink } = this.#options;
    const parts: Omit<BatchPart, 'id'>[] = [];
    for (const designation of collectionDesignations) {
      const own = rows[designation];
      if (own.length === 0) continue;
      const place = { ...owner, model, version, designation, day, format, ...this.#partName() };
      const columns = columnsOf(own);
      if (format === 'csv') {
        const { path, position, columns: present } = await placeCsv(sink, place, columns);
        parts.push({ path, position, format, ...render(own, format, present) });
      } else {
        const path = collectionPath(place);
        const state = format === 'parquet' ? undefined : await sink.look(path);
        parts.push({ path, position: state?.sizeBytes ?? 0, format, ...render(own, format, columns) });
      }
    }
    return parts;
  }

  /** What the file is called after: a batch where files are written whole, the process where it has its own. */
  #partName(): { readonly part?: string } {
    const { format, sharesFiles, source } = this.#options;
    if (format === 'parquet') return { part: randomUUID() };
    return sharesFiles || source.slot === 1 ? {} : { part: String(source.slot) };
  }

  async #write(first: BatchPart): Promise<void> {
    const { sink, source } = this.#options;
    if (first.format === 'parquet') return sink.put(first.path, first.body);
    let part = first;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      if (await this.#isWritten(part)) return;
      const { path, position, head, body } = part;
      const outcome = await sink.append(path, position, position === 0 ? Buffer.concat([head, body]) : body);
      // the answer to an attempt before may have been lost
      if (outcome === 'written' || (await this.#isWritten(part))) return;
      part = { ...part, ...(outcome === 'full' ? await this.#another(part) : await this.#moved(part)) };
      source.buffer.movePart(part, part.path, part.position);
      await sleep(Math.random() * PAUSE_MS * attempt);
    }
    throw new CollectionError(
      'CollectionUploadFailed',
      `cannot write ${part.path}: others wrote it first in each of ${MAX_ATTEMPTS} attempts`,
      { details: { path: part.path } },
    );
  }

  async #isWritten({ path, position, body }: BatchPart): Promise<boolean> {
    const { sink } = this.#options;
    const state = await sink.look(path);
    if (state === undefined || state.sizeBytes <= position) return false;
    return sink.contains(path, position, body);
  }

  /** Where a part goes when others wrote its file meanwhile. */
  async #moved({ path, format, head }: BatchPart): Promise<{ path: string; position: number }> {
    const { sink } = this.#options;
    const sizeBytes = (await sink.look(path))?.sizeBytes ?? 0;
    const line = lineOf(head);
    if (format !== 'csv' || sizeBytes === 0 || (await sink.firstLine(path)) === line) {
      return { path, position: sizeBytes };
    }
    const other = pathOfColumns(placeOf(path), readHead(line));
    return { path: other, position: (await sink.look(other))?.sizeBytes ?? 0 };
  }

  /** An append blob takes 50,000 blocks. */
  async #another({ path }: BatchPart): Promise<{ path: string; position: number }> {
    const place = placeOf(path);
    const other = collectionPath({ ...place, part: `${place.part ?? '1'}-${randomUUID().slice(0, 8)}` });
    return Promise.resolve({ path: other, position: 0 });
  }
}

function placeOf(path: string): CollectionPlace {
  const place = parseCollectionPath(path);
  if (place === undefined) throw new TypeError(`${path} is no path of collected rows`);
  return place;
}
