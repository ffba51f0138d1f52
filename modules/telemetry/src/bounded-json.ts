import { sliceWhole } from './cut-text.ts';

/** Deeper than what a request may be; it keeps values that contain themselves from filling the stack. */
const MAX_DEPTH = 100;
const MARK = '… (cut)';

/**
 * Writes a value as JSON, and stops at `limit` characters with a mark at the end: the time it takes is bounded by the limit, however large
 * the value is. Typed arrays are written as arrays. Never throws.
 */
export function boundedJson(value: unknown, limit: number): string {
  const writer = new BoundedWriter(limit);
  try {
    writer.value(value, 0);
  } catch (error) {
    return sliceWhole(`(no JSON: ${error instanceof Error ? error.message : 'it cannot be read'})`, limit);
  }
  const { text } = writer;
  return text.length <= limit ? text : `${sliceWhole(text, Math.max(0, limit - MARK.length))}${MARK}`.slice(0, limit);
}

class BoundedWriter {
  readonly #limit: number;
  text = '';

  constructor(limit: number) {
    this.#limit = limit;
  }

  value(value: unknown, depth: number): void {
    if (this.#isFull) return;
    if (typeof value === 'string') this.#string(value);
    else if (typeof value === 'bigint') this.text += String(value);
    else if (typeof value !== 'object' || value === null) this.text += JSON.stringify(value) ?? 'null';
    else if (depth > MAX_DEPTH) this.text += '"…"';
    else this.#composite(value, depth);
  }

  get #isFull(): boolean {
    return this.text.length > this.#limit;
  }

  /** A string longer than what is left is not escaped as a whole. */
  #string(value: string): void {
    this.text += JSON.stringify(value.length <= this.#limit ? value : value.slice(0, this.#limit + 1));
  }

  #composite(value: object, depth: number): void {
    if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
      this.#list(value as unknown as Iterable<unknown>, depth);
    } else if ('toJSON' in value && typeof value.toJSON === 'function') {
      this.value((value.toJSON as () => unknown)(), depth + 1);
    } else this.#object(value, depth);
  }

  #list(values: Iterable<unknown>, depth: number): void {
    let separator = '[';
    for (const value of values) {
      this.text += separator;
      this.value(value, depth + 1);
      if (this.#isFull) return;
      separator = ',';
    }
    this.text += separator === '[' ? '[]' : ']';
  }

  #object(value: object, depth: number): void {
    let separator = '{';
    for (const key in value) {
      const member = (value as Readonly<Record<string, unknown>>)[key];
      if (member === undefined || typeof member === 'function') continue;
      this.text += separator;
      this.#string(key);
      this.text += ':';
      this.value(member, depth + 1);
      if (this.#isFull) return;
      separator = ',';
    }
    this.text += separator === '{' ? '{}' : '}';
  }
}
