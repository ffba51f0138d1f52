import type { BufferedRequest, CollectionBuffer } from '../buffer/collection-buffer.ts';

export interface ReservoirSettings {
  readonly size: number;
  readonly windowSeconds: number;
}

/** What became of requests: they are in the reservoir of a window, until it is over, or out of it. */
export interface ReservoirOutcome {
  /** They may leave, because their window is over. */
  readonly released: number;
  readonly out: number;
}

/**
 * Puts a request into the reservoir of its window, by Vitter's algorithm R: of all requests of a window each has the same chance, however
 * many will come. The reservoir is in the buffer, so a restart does not begin it anew. Call it in a transaction.
 *
 * @param random from 0 to 1, 1 left out
 */
export function offerToReservoir(
  buffer: CollectionBuffer,
  request: BufferedRequest,
  { size, windowSeconds, random }: ReservoirSettings & { readonly random: () => number },
): ReservoirOutcome {
  const before = buffer.reservoir;
  const isNew = request.at >= before.endsAt;
  const released = isNew ? buffer.releaseHeld() : 0;
  const seen = isNew ? 1 : before.seen + 1;
  const windowMs = windowSeconds * 1000;
  const endsAt = isNew ? (Math.floor(request.at / windowMs) + 1) * windowMs : before.endsAt;
  buffer.reservoir = { endsAt, seen };
  if (seen <= size) {
    buffer.add(request, endsAt);
    return { released, out: 0 };
  }
  const place = Math.floor(random() * seen);
  if (place < size) {
    buffer.removeHeld(place);
    buffer.add(request, endsAt);
  }
  return { released, out: 1 };
}

/**
 * Lets the requests of a window leave that is over.
 *
 * @param isWanted whether there still is a reservoir; without one there is nothing to wait for
 * @returns how many they are
 */
export function releaseReservoir(buffer: CollectionBuffer, isWanted: boolean, now: number): number {
  const { endsAt, seen } = buffer.reservoir;
  if (seen === 0 || (isWanted && now < endsAt)) return 0;
  buffer.reservoir = { endsAt: isWanted ? endsAt : 0, seen: 0 };
  return buffer.releaseHeld();
}
