/** An object out of a document. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** The value as an object, or undefined when it is none; arrays are none. */
export function recordOf(value: unknown): JsonRecord | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : undefined;
}

/** The object under a name. */
export function childRecord(value: unknown, name: string): JsonRecord | undefined {
  const record = recordOf(value);
  return record !== undefined && Object.hasOwn(record, name) ? recordOf(record[name]) : undefined;
}
