type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

// behind a point they are a fraction's
const LONG_DIGITS = /(?<![\d.])\d{16}/;

/**
 * `JSON.parse`, but in a text that speaks of INT64 or UINT64 whole numbers beyond 2^53 - 1 become bigints of their exact value. Where the runtime does not show the
 * text of numbers (Node.js before 21) they stay rounded, and a reader of 64-bit integers refuses them.
 *
 * @throws SyntaxError
 */
export function parseExactJson(text: string): unknown {
  // a reviver costs several times the parser, and a search as much as it: most requests have no such type
  return text.includes('INT64') && LONG_DIGITS.test(text)
    ? (JSON.parse(text, exact) as unknown)
    : (JSON.parse(text) as unknown);
}

const exact: Reviver = (_key, value, context) => {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d{1,32}$/.test(source) ? BigInt(source) : value;
};
