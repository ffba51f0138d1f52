import type { Datatype } from '@edgewright/contract';
import { elementReader, elementRule } from '../codecs/json-elements.ts';
import { flatFromNested, shapeOfNested, tensorFromNested } from '../codecs/json-tensor.ts';
import { EngineError } from '../engine-error.ts';
import { datatypeOf } from './read-declaration.ts';
import type { ListNode, NdarrayNode, ObjectNode, ScalarNode, SchemaNode, TableNode } from './schema-node.ts';
import { readTable } from './table-forms.ts';
import { isObject } from '../is-object.ts';

/** Where a value stands, and how large it may be. */
export interface ValuePlace {
  /** As a JSON path, such as `$.data`. */
  readonly path: string;
  readonly maxElements: number;
}

// Date.parse takes much that is no date
const ISO_DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Checks a value of a request against a declaration, and makes of it what `run` gets: tensors of arrays, rows of tables,
 * dates, bytes. Properties that are not declared are left out.
 *
 * @throws EngineError `InputInvalid` with the JSON path and what stands there
 */
export function acceptValue(node: SchemaNode, value: unknown, place: ValuePlace): unknown {
  const accepted = convert(node, value, place);
  return node.convert ? accepted : value;
}

function convert(node: SchemaNode, value: unknown, place: ValuePlace): unknown {
  switch (node.kind) {
    case 'any':
      return value;
    case 'scalar':
      return acceptScalar(node, value, place);
    case 'list':
      return acceptList(node, value, place);
    case 'object':
      return acceptObject(node, value, place);
    case 'table':
      return acceptTable(node, value, place);
    default:
      return acceptArray(node, value, place);
  }
}

function acceptScalar({ type }: ScalarNode, value: unknown, { path }: ValuePlace): unknown {
  if (type === 'DATE') {
    const date = typeof value === 'string' && ISO_DATE.test(value) ? new Date(value) : undefined;
    if (date === undefined || Number.isNaN(date.valueOf())) throw refused(path, 'a date and time such as "2019-05-02T10:00:00Z"', value); // prettier-ignore
    return date;
  }
  if (type === 'BASE64') {
    if (typeof value !== 'string' || !BASE64.test(value)) throw refused(path, 'bytes in base64', value);
    return new Uint8Array(Buffer.from(value, 'base64'));
  }
  const element = elementReader(type)(value);
  if (element === undefined) throw refused(path, elementRule(type), value);
  if (type === 'BOOL') return element === 1;
  // a script reads numbers; digits that only a bigint holds stay one
  if (typeof element === 'bigint') return Number.isSafeInteger(Number(element)) ? Number(element) : element;
  // FP16 and BF16 have been made bits
  return type === 'FP16' || type === 'BF16' ? Number(value) : element;
}

function acceptList({ items }: ListNode, value: unknown, place: ValuePlace): unknown {
  if (!Array.isArray(value)) throw refused(place.path, 'an array', value);
  if (value.length > place.maxElements) throw fault(place.path, `it has ${value.length} elements; the limit is ${place.maxElements}`); // prettier-ignore
  const [only] = items;
  if (only === undefined) return value;
  return value.map((item, index) => {
    const at = { ...place, path: `${place.path}[${index}]` };
    return items.length === 1 ? acceptValue(only, item, at) : acceptAny(items, item, at);
  });
}

function acceptAny(items: readonly SchemaNode[], value: unknown, place: ValuePlace): unknown {
  for (const node of items) {
    try {
      return acceptValue(node, value, place);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
    }
  }
  throw refused(place.path, `something like one of ${JSON.stringify(items.map((node) => node.example))}`, value);
}

function acceptObject({ properties, example }: ObjectNode, value: unknown, place: ValuePlace): unknown {
  if (!isObject(value)) throw refused(place.path, `an object such as ${shorten(example)}`, value);
  const accepted: [string, unknown][] = [];
  for (const [name, node] of properties) {
    const own = Object.hasOwn(value, name) ? value[name] : undefined;
    if (own !== undefined) accepted.push([name, acceptValue(node, own, { ...place, path: `${place.path}.${name}` })]);
    else if (!node.optional) {
      const given = Object.keys(value);
      throw fault(place.path, `"${name}" is missing; given: ${given.length === 0 ? 'nothing' : given.slice(0, 20).join(', ')}`, { missing: name }); // prettier-ignore
    }
  }
  return Object.fromEntries(accepted);
}

function acceptTable(node: TableNode, value: unknown, place: ValuePlace): unknown {
  const names = [...node.columns.keys()];
  const rows = readTable(value, node.form, { names, path: place.path });
  if ('fault' in rows) throw fault(rows.path, rows.fault);
  if (rows.length * names.length > place.maxElements) throw fault(place.path, `it has ${rows.length} rows of ${names.length} columns; the limit is ${place.maxElements} values`); // prettier-ignore
  return rows.map(({ cells, path }) => acceptRow(node, cells, { ...place, path }));
}

function acceptRow(node: TableNode, cells: Readonly<Record<string, unknown>>, place: ValuePlace): unknown {
  if (node.enforceShape) {
    const stray = Object.keys(cells).find((name) => !node.columns.has(name));
    if (stray !== undefined) throw fault(place.path, `there is no column "${stray}"; there is ${[...node.columns.keys()].join(', ')}`, { column: stray }); // prettier-ignore
  }
  const row: [string, unknown][] = [];
  for (const [name, column] of node.columns) {
    const cell = Object.hasOwn(cells, name) ? cells[name] : undefined;
    if (cell === undefined) {
      if (column.optional || !node.enforceShape) continue;
      throw fault(place.path, `the column "${name}" is missing; given: ${Object.keys(cells).join(', ') || 'nothing'}`, { column: name }); // prettier-ignore
    }
    row.push([name, node.enforceTypes ? acceptCell(column, cell, { ...place, path: `${place.path}.${name}` }) : cell]);
  }
  if (!node.enforceShape) for (const [name, cell] of Object.entries(cells)) if (!node.columns.has(name)) row.push([name, cell]); // prettier-ignore
  return Object.fromEntries(row);
}

/** A column that is absent from a row of the sample may be null, which is how tables write what is absent. */
function acceptCell(column: SchemaNode, cell: unknown, place: ValuePlace): unknown {
  return cell === null && column.optional ? undefined : acceptValue(column, cell, place);
}

function acceptArray(node: NdarrayNode, value: unknown, place: ValuePlace): unknown {
  const shape = node.enforceShape ? node.shape.map((size, axis) => (axis === 0 ? -1 : size)) : [];
  if (!Array.isArray(value) && node.shape.length > 0 && node.enforceShape) throw refused(place.path, `an array such as ${shorten(node.example)}`, value); // prettier-ignore
  const datatype = node.enforceTypes ? node.datatype : suggestedType(value, place);
  const name = place.path.replace(/^\$\.?/, '') || 'body';
  const tensor = tensorFromNested(value, { name, datatype, shape }, place);
  // to the reader of arrays, no wanted shape means any shape
  if (node.enforceShape && tensor.shape.length !== node.shape.length) throw refused(place.path, `one value such as ${shorten(node.example)}`, value); // prettier-ignore
  return tensor;
}

function suggestedType(value: unknown, { path }: ValuePlace): Datatype {
  const flat = flatFromNested(value, shapeOfNested(value));
  const datatype = flat === undefined ? undefined : datatypeOf(flat);
  if (datatype !== undefined) return datatype;
  throw refused(path, 'a regular array of numbers, booleans or strings', value);
}

function refused(path: string, expected: string, value: unknown): EngineError {
  return fault(path, `expected ${expected}, found ${shorten(value)}`, { expected });
}

function fault(path: string, text: string, facts: Readonly<Record<string, unknown>> = {}): EngineError {
  return new EngineError('InputInvalid', `cannot read the request at ${path}: ${text}`, {
    details: { path, ...facts },
  });
}

function shorten(value: unknown): string {
  if (Array.isArray(value) && value.length > 8) return `an array of ${value.length}`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
