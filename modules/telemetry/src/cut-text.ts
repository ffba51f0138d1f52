/**
 * Cuts a text that is longer than `limit` characters, and says at its end that it was, and how long it had been. The result has at most
 * `limit` characters and no half of a surrogate pair.
 */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const mark = `… (cut, ${text.length} characters)`;
  return `${sliceWhole(text, Math.max(0, limit - mark.length))}${mark}`.slice(0, limit);
}

/** The beginning of a text, without the first half of a pair at its end. */
export function sliceWhole(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd8_00 && last <= 0xdb_ff ? length - 1 : length);
}
