import { fileURLToPath } from 'node:url';
import path from 'node:path';

/** Where in a source file something happened. Lines and columns count from 1. */
export interface ScriptPlace {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

const PLACE = /(file:\/\/\/[^\s)]*?|(?:\/|[A-Za-z]:\\)[^\s():]*?):(\d+)(?::(\d+))?(?=\)|\s|$)/;
const HERE = fileURLToPath(import.meta.url);
// the engine's sources; in an image, the folder of the scorer's bundle, whose parent holds the entry script too
const OWN_FOLDER = HERE.endsWith('.ts') ? path.dirname(path.dirname(HERE)) : path.dirname(HERE);

/**
 * The place in the user's code where an error was made: the first line of its stack that is neither Node.js nor the engine
 * nor a dependency. Undefined when there is none.
 */
export function scriptPlace(error: unknown): ScriptPlace | undefined {
  if (!(error instanceof Error) || error.stack === undefined) return undefined;
  for (const line of error.stack.split('\n')) {
    const match = PLACE.exec(line);
    if (match === null) continue;
    const [, location = '', row, column] = match;
    const bare = location.replace(/\?.*$/, '');
    const file = bare.startsWith('file:') ? fileURLToPath(bare) : bare;
    if (file.startsWith(OWN_FOLDER + path.sep) || file.includes(`${path.sep}node_modules${path.sep}`)) continue;
    return { file, line: Number(row), ...(column === undefined ? {} : { column: Number(column) }) };
  }
  return undefined;
}

/** `score.ts:12:3`, for messages. */
export function placeText(place: ScriptPlace): string {
  const column = place.column === undefined ? '' : `:${place.column}`;
  return `${path.basename(place.file)}:${place.line}${column}`;
}
