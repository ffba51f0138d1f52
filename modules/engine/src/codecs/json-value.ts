import { writeLong, writeNumber } from './json-elements.ts';

const MAX_DEPTH = 100;

/** What in a value has no JSON form, and where. */
export class NotJsonError extends TypeError {
  readonly path: string;

  constructor(path: string, what: string) {
    super(`${path} is ${what}, which has no JSON form`);
    this.path = path;
  }
}

/**
 * The JSON form of what an entry script returned: typed arrays become arrays, non-finite numbers and long integers their
 * words and digits, `undefined` and `null` are `null`, dates ISO 8601, maps objects; everything else as JSON.stringify does.
 *
 * @throws NotJsonError for functions, symbols, cycles and nesting deeper than 100
 */
export function toJsonValue(value: unknown): unknown {
  return convert(value, '$', 0);
}

function convert(value: unknown, path: string, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return writeNumber(value);
    case 'bigint':
      return writeLong(value);
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : convertObject(value, path, depth);
    default:
      throw new NotJsonError(path, `a ${typeof value}`);
  }
}

function convertObject(value: object, path: string, depth: number): unknown {
  if (depth >= MAX_DEPTH) throw new NotJsonError(path, `nested deeper than ${MAX_DEPTH} levels (a cycle?)`);
  if (Array.isArray(value)) return value.map((item, index) => convert(item, `${path}[${index}]`, depth + 1));
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as Iterable<number | bigint>, (item) => convert(item, path, depth));
  }
  if (value instanceof Map) return convertEntries(value.entries(), path, depth);
  const custom = (value as { toJSON?: unknown }).toJSON;
  if (typeof custom === 'function') return convert(custom.call(value, ''), path, depth + 1);
  return convertEntries(Object.entries(value), path, depth);
}

function convertEntries(entries: Iterable<[unknown, unknown]>, path: string, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, item] of entries) {
    // absent, as JSON.stringify has it
    if (item === undefined) continue;
    const name = String(key);
    Object.defineProperty(result, name, {
      value: convert(item, `${path}.${name}`, depth + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}
