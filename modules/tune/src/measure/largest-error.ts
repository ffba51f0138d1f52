/**
 * By how much answers differ from those of the reference: the largest difference of two numbers, as a share of the largest number in the
 * same answer of the reference.
 *
 * @returns infinite when there are not as many numbers, or one of the two is none
 */
export function largestError(reference: readonly (readonly number[])[], other: readonly (readonly number[])[]): number {
  if (reference.length !== other.length) return Number.POSITIVE_INFINITY;
  return reference.reduce((worst, answer, at) => Math.max(worst, errorOf(answer, other[at] ?? [])), 0);
}

function errorOf(reference: readonly number[], other: readonly number[]): number {
  if (reference.length !== other.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  let scale = 0;
  for (const [at, wanted] of reference.entries()) {
    const found = other[at] ?? Number.NaN;
    if (Object.is(wanted, found)) continue;
    const difference = Math.abs(wanted - found);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference);
  }
  for (const wanted of reference) if (Number.isFinite(wanted)) scale = Math.max(scale, Math.abs(wanted));
  return largest === 0 ? 0 : largest / Math.max(scale, Number.MIN_VALUE);
}
