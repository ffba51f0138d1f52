/**
 * The confidence that a result states: the number that the JSON Pointer (RFC 6901) leads to, or the largest of the numbers in
 * the array or object that it leads to. Undefined when there is none.
 */
export function confidenceOf(value: unknown, pointer: string): number | undefined {
  let found = value;
  for (const token of pointer.split('/').slice(1)) {
    if (typeof found !== 'object' || found === null) return undefined;
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    found = Object.hasOwn(found, key) ? (found as Readonly<Record<string, unknown>>)[key] : undefined;
  }
  if (typeof found === 'number') return found;
  if (typeof found !== 'object' || found === null) return undefined;
  const numbers = Object.values(found).filter((each) => typeof each === 'number');
  return numbers.length === 0 ? undefined : numbers.reduce((largest, each) => Math.max(largest, each));
}
