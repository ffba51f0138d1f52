import type { JsonSteps } from './json-path.ts';

/** A string somewhere in a document. */
export interface StringPlace {
  readonly at: JsonSteps;
  readonly text: string;
}

/** Every string value of a document, in its order; keys are no values. */
export function stringsOf(document: unknown): StringPlace[] {
  const found: StringPlace[] = [];
  const waiting: { value: unknown; at: JsonSteps }[] = [{ value: document, at: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, at } = next;
    if (typeof value === 'string') found.push({ at, text: value });
    if (typeof value !== 'object' || value === null) continue;
    const members: { value: unknown; at: JsonSteps }[] = Array.isArray(value)
      ? value.map((child: unknown, index) => ({ value: child, at: [...at, index] }))
      : Object.entries(value).map(([name, child]) => ({ value: child as unknown, at: [...at, name] }));
    waiting.push(...members.toReversed());
  }
  return found;
}
