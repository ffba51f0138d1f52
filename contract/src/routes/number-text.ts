const NUMBER =
  /^(?<open>\()?(?<before>[-+\u00a4])?(?<digits>(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?<after>[-+\u00a4])?(?<close>\))?$/;
const INFINITY = /^(?<sign>[-+])?infinity$/i;

/**
 * Reads a number as `as_number` does, which is .NET's `NumberStyles.Any` in the invariant culture: blanks around it, a sign
 * before or behind, parentheses for negative numbers, commas between digits, an exponent.
 *
 * @returns undefined when the text is no number
 */
export function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  const groups = NUMBER.exec(trimmed)?.groups;
  if (groups === undefined) {
    const infinity = INFINITY.exec(trimmed)?.groups;
    if (infinity === undefined) return undefined;
    return infinity['sign'] === '-' ? -Infinity : Infinity;
  }
  const { open, before, after, close } = groups;
  const parentheses = open !== undefined;
  if (parentheses !== (close !== undefined)) return undefined;
  const signs = `${before ?? ''}${after ?? ''}`.replaceAll('\u00a4', '');
  if (signs.length > 1 || (parentheses && signs !== '')) return undefined;
  const value = Number((groups['digits'] ?? '').replaceAll(',', ''));
  return parentheses || signs === '-' ? -value : value;
}
