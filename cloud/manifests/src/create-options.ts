/** The longest piece of createOptions that goes into one value, in characters. */
export const CREATE_OPTIONS_CHUNK = 512;
/** The most pieces that the tools write: `createOptions`, `createOptions01` … `createOptions07`. */
export const MAX_WRITTEN_CHUNKS = 8;
/** The most pieces that edgeAgent reads. */
export const MAX_READ_CHUNKS = 100;

const CHUNK_NAME = /^createOptions(?<number>\d*)$/i;

/** The createOptions of a module as they stand in its settings, put together again. */
export interface JoinedCreateOptions {
  readonly text: string;
  /** The names of the settings that hold the pieces, in order. */
  readonly names: readonly string[];
  /** The name of the first piece that edgeAgent does not find, because its number does not follow. */
  readonly stray?: string;
}

/**
 * Cuts createOptions into the settings that hold them: `createOptions`, `createOptions01` and so on, 512 characters each.
 * An object is written without blanks and in ASCII, as the tools do.
 */
export function chunkCreateOptions(options: unknown): [name: string, text: string][] {
  const characters = Array.from(typeof options === 'string' ? options : asciiJson(options));
  const chunks: [string, string][] = [];
  for (let start = 0; start < characters.length || start === 0; start += CREATE_OPTIONS_CHUNK) {
    const number = chunks.length === 0 ? '' : String(chunks.length).padStart(2, '0');
    chunks.push([`createOptions${number}`, characters.slice(start, start + CREATE_OPTIONS_CHUNK).join('')]);
  }
  return chunks;
}

/** Puts the pieces of createOptions together as edgeAgent does: by their numbers, which begin behind none with 01. */
export function joinCreateOptions(settings: Readonly<Record<string, unknown>>): JoinedCreateOptions | undefined {
  const pieces = Object.entries(settings)
    .map(([name, value]) => ({ name, value, number: CHUNK_NAME.exec(name)?.groups?.['number'] }))
    .filter(({ number }) => number !== undefined)
    .toSorted((a, b) => Number(a.number) - Number(b.number));
  if (pieces.length === 0) return undefined;
  const expected = (index: number) => (index === 0 ? '' : String(index).padStart(2, '0'));
  const strayAt = pieces.findIndex(({ number }, index) => number !== expected(index) || index >= MAX_READ_CHUNKS);
  const taken = strayAt === -1 ? pieces : pieces.slice(0, strayAt);
  const stray = pieces[strayAt]?.name;
  return {
    text: taken.map(({ value }) => (typeof value === 'string' ? value : JSON.stringify(value))).join(''),
    names: taken.map(({ name }) => name),
    ...(stray === undefined ? {} : { stray }),
  };
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value ?? {}).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
