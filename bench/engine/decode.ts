import type { Comparison } from '../harness.ts';

/** How long an image of 1×3×224×224 float32 takes from bytes to a tensor, against JSON.parse of the same numbers. */
export function decodeComparisons(): Comparison[] {
  return [];
}
