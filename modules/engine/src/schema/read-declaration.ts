import { datatypes } from '@edgewright/contract';
import type { Datatype } from '@edgewright/contract';
import { flatFromNested, shapeOfNested } from '../codecs/json-tensor.ts';
import { readSample } from './read-sample.ts';
import type { DeclarationOptions, TableForm } from './declaration.ts';
import type { NdarrayNode, ObjectNode, ScalarNode, SchemaNode, TableNode } from './schema-node.ts';
import { tableForms, writeTable } from './table-forms.ts';

type Loose = Readonly<Record<string, unknown>>;

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  ndarray: ['datatype', 'enforceShape', 'enforceTypes', 'optional', 'convert'],
  records: ['orient', 'types', 'enforceShape', 'enforceTypes', 'optional', 'convert'],
  standard: ['datatype', 'optional', 'convert'],
  object: ['optional', 'convert'],
};

/**
 * Reads what an entry script exports as `input` or `output`.
 *
 * @param path where it stands, for messages: `input`
 * @throws TypeError that names the place and what is wrong there
 */
export function readDeclaration(declared: unknown, path: string): SchemaNode {
  if (!isObject(declared)) {
    throw new TypeError(`${path} is ${describe(declared)}; it must be an object such as { ndarray: [[0.5, 1.5]] }, or one of such by name`); // prettier-ignore
  }
  const kind = Object.keys(OPTIONS).find((each) => Object.hasOwn(declared, each));
  if (kind === undefined) return readProperties(declared, path, declared);
  const allowed = [kind, ...(OPTIONS[kind] ?? [])];
  const stray = Object.keys(declared).find((key) => !allowed.includes(key));
  if (stray !== undefined) {
    throw new TypeError(`${path}.${stray} is no option of { ${kind}: … }; there is ${OPTIONS[kind]?.join(', ')}. Are "${kind}" and "${stray}" names of properties? Then write { object: { ${kind}: …, ${stray}: … } }`); // prettier-ignore
  }
  checkFlags(declared, path);
  if (kind === 'ndarray') return readNdarray(declared, path);
  if (kind === 'records') return readRecords(declared, path);
  if (kind === 'object') return readProperties(declared['object'], `${path}.object`, declared);
  return readStandard(declared, path);
}

function readProperties(properties: unknown, path: string, options: DeclarationOptions | Loose): ObjectNode {
  if (!isObject(properties)) throw new TypeError(`${path} is ${describe(properties)}; it must be an object of declarations by name`); // prettier-ignore
  const nodes = Object.entries(properties).map(([name, each]) => [name, readDeclaration(each, `${path}.${name}`)] as const); // prettier-ignore
  if (nodes.length === 0) throw new TypeError(`${path} is empty; it must declare something`);
  return {
    kind: 'object',
    properties: new Map(nodes),
    example: Object.fromEntries(nodes.map(([name, node]) => [name, node.example])),
    ...(options === properties ? { optional: false, convert: true } : flags(options)),
  };
}

function readNdarray(declared: Loose, path: string): NdarrayNode {
  const sample = declared['ndarray'];
  const shape = shapeOfNested(sample);
  const flat = flatFromNested(sample, shape);
  if (flat === undefined)
    throw new TypeError(`${path}.ndarray is not a regular array: all parts of one depth must have one length`);
  const datatype = readDatatype(declared['datatype'], `${path}.datatype`) ?? datatypeOf(flat);
  if (datatype === undefined) throw new TypeError(`${path}.ndarray holds ${describe(flat.find((each) => typeof each === 'object'))}; its elements must be numbers, booleans or strings of one kind`); // prettier-ignore
  return { kind: 'ndarray', datatype, shape, example: sample, ...enforcement(declared), ...flags(declared) };
}

function readRecords(declared: Loose, path: string): TableNode {
  const rows = declared['records'];
  if (!Array.isArray(rows) || rows.length === 0 || !rows.every(isObject)) {
    throw new TypeError(`${path}.records must be an array of at least one object, such as [{ age: 42 }]`);
  }
  const form = declared['orient'] ?? 'records';
  if (!tableForms.includes(form as TableForm)) throw new TypeError(`${path}.orient is ${describe(form)}; there is ${tableForms.join(', ')}`); // prettier-ignore
  const types = (declared['types'] ?? {}) as Loose;
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const stray = Object.keys(types).find((name) => !names.includes(name));
  if (stray !== undefined) throw new TypeError(`${path}.types.${stray} is no column of the sample; there is ${names.join(', ')}`); // prettier-ignore
  const columns = names.map((name) => {
    const column = rows.filter((row) => row[name] !== undefined).map((row) => row[name]);
    const type = readDatatype(types[name], `${path}.types.${name}`);
    const node = type === undefined ? columnOf(column, `${path}.records.${name}`) : scalar(type, column[0]);
    return [name, { ...node, optional: column.length < rows.length }] as const;
  });
  const written = rows.map((row) => readSample(row, `${path}.records`).example as Loose);
  return {
    kind: 'table',
    form: form as TableForm,
    columns: new Map(columns),
    example: writeTable(written, names, form as TableForm),
    ...enforcement(declared),
    ...flags(declared),
  };
}

/** What the cells of a column may be: one form for them all, where they have one. */
function columnOf(cells: readonly unknown[], path: string): SchemaNode {
  const list = readSample(cells, path);
  if (list.kind !== 'list' || list.items.length !== 1) return { kind: 'any', optional: false, convert: true, example: cells[0] }; // prettier-ignore
  return list.items[0] as SchemaNode;
}

function readStandard(declared: Loose, path: string): SchemaNode {
  const type = readDatatype(declared['datatype'], `${path}.datatype`);
  const node = type === undefined ? readSample(declared['standard'], `${path}.standard`) : scalar(type, declared['standard']); // prettier-ignore
  return { ...node, ...flags(declared) };
}

function scalar(type: Datatype, example: unknown): ScalarNode {
  return { kind: 'scalar', type, example, optional: false, convert: true };
}

/** The datatype of elements by NumPy's rule; undefined when they have none in common. */
export function datatypeOf(flat: readonly unknown[]): Datatype | undefined {
  if (flat.every((each) => typeof each === 'boolean')) return flat.length === 0 ? 'FP64' : 'BOOL';
  if (flat.every((each) => typeof each === 'string')) return 'BYTES';
  if (flat.every((each) => typeof each === 'bigint' || Number.isInteger(each))) return 'INT64';
  return flat.every((each) => typeof each === 'number') ? 'FP64' : undefined;
}

function readDatatype(value: unknown, path: string): Datatype | undefined {
  if (value === undefined) return undefined;
  const found = datatypes.find((each) => each === value);
  if (found !== undefined) return found;
  throw new TypeError(`${path} is ${describe(value)}; there is ${datatypes.join(', ')}`);
}

function checkFlags(declared: Loose, path: string): void {
  for (const name of ['optional', 'convert', 'enforceShape', 'enforceTypes']) {
    const value = declared[name];
    if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`${path}.${name} is ${describe(value)}; it must be true or false`); // prettier-ignore
  }
}

function enforcement({ enforceShape, enforceTypes }: Loose): { enforceShape: boolean; enforceTypes: boolean } {
  return { enforceShape: enforceShape !== false, enforceTypes: enforceTypes !== false };
}

function flags({ optional, convert }: Loose | DeclarationOptions): { optional: boolean; convert: boolean } {
  return { optional: optional === true, convert: convert !== false };
}

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value) && !(value instanceof Date); // prettier-ignore
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'string' ? `"${value}"` : String(value);
}
