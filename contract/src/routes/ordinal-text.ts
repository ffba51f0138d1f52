/**
 * Upper case as .NET's invariant culture has it: character by character, never changing the length, and never turning a
 * character outside ASCII into one inside (`ß`, `ı` and `ſ` stay as they are).
 */
export function upperInvariant(text: string): string {
  return mapped(text, (character) => character.toUpperCase());
}

/** Lower case in the same manner. */
export function lowerInvariant(text: string): string {
  return mapped(text, (character) => character.toLowerCase());
}

function mapped(text: string, map: (character: string) => string): string {
  if (/^[\0-\x7f]*$/.test(text)) return map(text);
  let result = '';
  for (const character of text) {
    const other = map(character);
    const keeps = other.length !== character.length || (other < '\x80' && character >= '\x80');
    result += keeps ? character : other;
  }
  return result;
}
