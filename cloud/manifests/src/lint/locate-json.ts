import { lineAndColumn } from '@edgewright/contract';
import { jsonPath } from './json-path.ts';
import type { JsonSteps } from './json-path.ts';

/** A place in a text, both numbers from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

interface Level {
  readonly steps: JsonSteps;
  /** The number of the element in an array, undefined in an object. */
  index: number | undefined;
  /** The key that was read last in an object, until its value begins. */
  key: string | undefined;
}

// strings whole, so that what stands in them is not taken for structure; then brackets, commas, and everything else
const TOKEN = /"(?:[^"\\]|\\[^])*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * Tells where the places of a JSON text stand: of members their key, of elements their first character.
 *
 * @param text valid JSON; for another text the places are as good as can be
 * @returns a function from a place, or the nearest one above it that is there, to line and column
 */
export function createJsonLocator(text: string): (steps: JsonSteps) => TextPlace {
  const offsets = new Map<string, number>();
  const levels: Level[] = [];
  for (const { 0: token, index: offset } of text.matchAll(TOKEN)) readToken({ token, offset }, levels, offsets);
  return (steps) => {
    for (let length = steps.length; length >= 0; length -= 1) {
      const offset = offsets.get(jsonPath(steps.slice(0, length)));
      if (offset !== undefined) return lineAndColumn(text, offset);
    }
    return { line: 1, column: 1 };
  };
}

function readToken(
  { token, offset }: { readonly token: string; readonly offset: number },
  levels: Level[],
  offsets: Map<string, number>,
): void {
  const level = levels.at(-1);
  if (token === '}' || token === ']') {
    levels.pop();
    return;
  }
  if (token === ',') {
    if (level?.index !== undefined) level.index += 1;
    else if (level !== undefined) level.key = undefined;
    return;
  }
  if (token === ':') return;
  const isKey = level !== undefined && level.index === undefined && level.key === undefined;
  if (isKey) {
    level.key = keyOf(token);
    offsets.set(jsonPath([...level.steps, level.key]), offset);
    return;
  }
  const steps = level === undefined ? [] : [...level.steps, level.index ?? level.key ?? ''];
  if (level?.index !== undefined || level === undefined) offsets.set(jsonPath(steps), offset);
  if (token === '{') levels.push({ steps, index: undefined, key: undefined });
  if (token === '[') levels.push({ steps, index: 0, key: undefined });
}

function keyOf(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}
