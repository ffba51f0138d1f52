/** Where a text stops being JSON, and what was expected there. */
export interface JsonFault {
  /** Offset from 0, in UTF-16 units. */
  readonly offset: number;
  readonly expected: string;
}

const BLANK = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
// the control characters are the ones that RFC 8259 forbids in strings
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const STRING = /"(?:[^"\\\u0000-\u001F]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/**
 * Finds the first place where a text breaks RFC 8259. `JSON.parse` says it only for some texts.
 *
 * @returns undefined when the text is JSON
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: ('}' | ']')[] = [];
  let offset = 0;
  let state: 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'after' = 'value';
  const match = (pattern: RegExp): boolean => {
    pattern.lastIndex = offset;
    if (!pattern.test(text)) return false;
    offset = pattern.lastIndex;
    return true;
  };
  const eat = (character: string): boolean => {
    if (text[offset] !== character) return false;
    offset += 1;
    return true;
  };
  for (;;) {
    match(BLANK);
    if (state === 'after') {
      const end = open.at(-1);
      if (end === undefined) return offset === text.length ? undefined : { offset, expected: 'the end of the text' };
      if (eat(',')) state = end === '}' ? 'key' : 'value';
      else if (eat(end)) open.pop();
      else return { offset, expected: `"," or "${end}"` };
    } else if (state === 'key' || state === 'keyOrEnd') {
      if (state === 'keyOrEnd' && eat('}')) {
        open.pop();
        state = 'after';
        continue;
      }
      if (!match(STRING)) return stringFault(text, offset) ?? { offset, expected: 'a key in double quotes' };
      match(BLANK);
      if (!eat(':')) return { offset, expected: '":" after the key' };
      state = 'value';
    } else if (state === 'valueOrEnd' && eat(']')) {
      open.pop();
      state = 'after';
    } else if (eat('{')) {
      open.push('}');
      state = 'keyOrEnd';
    } else if (eat('[')) {
      open.push(']');
      state = 'valueOrEnd';
    } else if (match(STRING) || match(NUMBER) || match(WORD)) state = 'after';
    else return stringFault(text, offset) ?? { offset, expected: 'a value' };
  }
}

/** A string that begins here but is not one: where it breaks. */
function stringFault(text: string, start: number): JsonFault | undefined {
  if (text[start] !== '"') return undefined;
  for (let offset = start + 1; offset < text.length; offset += 1) {
    const character = text[offset] ?? '';
    if (character < ' ')
      return { offset, expected: 'the end of the string: a line break or control character is not allowed in it' };
    if (character !== '\\') continue;
    const escape = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(offset, offset + 6));
    if (escape === null) return { offset, expected: 'one of the escapes \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX' };
    offset += escape[0].length - 1;
  }
  return { offset: text.length, expected: 'the end of the string' };
}
