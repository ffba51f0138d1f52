/** What the cluster writes itself, and what says nothing of the state. */
const IGNORED = new Set([
  'managedFields',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'uid',
  'selfLink',
  'status',
]);
const SHOWN = 5;

/** Where applying would change an object, as paths; empty when it would not. */
export function driftOf(present: unknown, applied: unknown): string[] {
  const paths: string[] = [];
  compare('', { one: present, other: applied }, paths);
  return paths.length > SHOWN ? [...paths.slice(0, SHOWN), `and ${paths.length - SHOWN} more`] : paths;
}

function compare(path: string, { one, other }: { one: unknown; other: unknown }, paths: string[]): void {
  if (JSON.stringify(one) === JSON.stringify(other)) return;
  if (!isObject(one) || !isObject(other)) {
    paths.push(path);
    return;
  }
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    if (IGNORED.has(key)) continue;
    compare(path === '' ? key : `${path}.${key}`, { one: one[key], other: other[key] }, paths);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
