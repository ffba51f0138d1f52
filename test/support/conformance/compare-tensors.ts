import type { NamedTensors } from '@edgewright/engine';

/** An element, what it should be, and where it is. */
interface Element {
  readonly value: unknown;
  readonly wanted: unknown;
  readonly at: string;
}

/** What differs between outputs and what was expected; empty when nothing does, beyond the tolerance. */
export function differences(found: NamedTensors, expected: NamedTensors, tolerance: number): string[] {
  const names = [...new Set([...Object.keys(found), ...Object.keys(expected)])];
  return names.flatMap((name) => {
    const [one, other] = [found[name], expected[name]];
    if (one === undefined || other === undefined) return [`${name} is ${one === undefined ? 'missing' : 'too much'}`];
    const head = [one, other].map(({ datatype, shape, data }) => `${datatype}[${shape.join()}] of ${data.length}`);
    if (head[0] !== head[1] || one.data.constructor !== other.data.constructor)
      return [`${name} is ${head.join(', not ')}`];
    return Array.from<unknown, Element>(one.data as ArrayLike<unknown>, (value, i) => ({
      value,
      wanted: other.data[i],
      at: `${name}[${i}]`,
    }))
      .filter(({ value, wanted }) => !isNear(value, wanted, tolerance))
      .map(({ value, wanted, at }) => `${at} is ${String(value)}, not ${String(wanted)}`);
  });
}

function isNear(value: unknown, wanted: unknown, tolerance: number): boolean {
  if (Object.is(value, wanted)) return true;
  if (typeof value !== 'number' || typeof wanted !== 'number') return false;
  return Math.abs(value - wanted) <= tolerance * Math.max(1, Math.abs(wanted)) && tolerance > 0;
}
