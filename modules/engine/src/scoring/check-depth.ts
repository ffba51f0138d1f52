import { EngineError } from '../engine-error.ts';

/**
 * Refuses JSON values that are nested deeper than a limit, without recursion of its own.
 *
 * @throws EngineError `InputInvalid`
 */
export function checkDepth(value: unknown, limit: number): void {
  let level: object[] = typeof value === 'object' && value !== null ? [value] : [];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > limit) {
      throw new EngineError('InputInvalid', `cannot read the request: it is nested deeper than ${limit} levels`, {
        details: { limit },
      });
    }
    level = childrenOf(level);
  }
}

function childrenOf(level: readonly object[]): object[] {
  const children: object[] = [];
  for (const parent of level) {
    const values: readonly unknown[] = Array.isArray(parent) ? parent : Object.values(parent);
    for (const child of values) if (typeof child === 'object' && child !== null) children.push(child);
  }
  return children;
}
