/**
 * Whether two results say the same: numbers within a tolerance, which is relative to the larger of them above 1; everything else
 * equal, in the same places.
 */
export function agree(one: unknown, other: unknown, tolerance: number): boolean {
  if (typeof one === 'number' && typeof other === 'number') {
    if (Number.isNaN(one) || Number.isNaN(other)) return Number.isNaN(one) && Number.isNaN(other);
    return one === other || Math.abs(one - other) <= tolerance * Math.max(1, Math.abs(one), Math.abs(other));
  }
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && agree(valueOf(one, key), valueOf(other, key), tolerance))
  );
}

function valueOf(value: object, key: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[key];
}
