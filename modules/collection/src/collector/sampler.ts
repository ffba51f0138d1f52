import type { CollectionSettings, SamplingReason } from '@edgewright/contract';
import { confidenceOf } from '@edgewright/engine';

/** Which requests are kept. What a reservoir keeps of those that it is given is decided where the reservoir is. */
export class Sampler {
  readonly #rate: number;
  readonly #reservoir: boolean;
  readonly #confidence: { readonly below: number; readonly pointer: string } | undefined;

  constructor({ rate = 1, reservoir, confidence }: NonNullable<CollectionSettings['sampling']>) {
    this.#rate = rate;
    this.#reservoir = reservoir !== undefined;
    this.#confidence = confidence;
  }

  /** Whether a request may be kept, before its result is known. */
  mayKeep(requestId: string): boolean {
    return this.#confidence !== undefined || this.#isChosen(requestId);
  }

  /** Why a request is kept; undefined when it is not. */
  decide(requestId: string, result: () => unknown): SamplingReason | undefined {
    const { below, pointer } = this.#confidence ?? {};
    if (below !== undefined && pointer !== undefined) {
      const confidence = confidenceOf(result(), pointer);
      if (confidence !== undefined && confidence < below) return 'confidence';
    }
    if (!this.#isChosen(requestId)) return undefined;
    if (this.#reservoir) return 'reservoir';
    return this.#rate < 1 ? 'rate' : 'all';
  }

  /** By the id, so that a request which comes again, or to another replica, is treated as before. */
  #isChosen(requestId: string): boolean {
    return this.#rate >= 1 || shareOf(requestId) < this.#rate;
  }
}

/** A number from 0 to 1, 1 left out, that belongs to a text: FNV-1a, mixed as MurmurHash3 does at its end. */
export function shareOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
