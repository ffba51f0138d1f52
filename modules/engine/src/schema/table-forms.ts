import type { TableForm } from './declaration.ts';
import { isObject } from '../is-object.ts';

export const tableForms: readonly TableForm[] = ['records', 'split', 'index', 'columns', 'values', 'table'];

type Row = Readonly<Record<string, unknown>>;

/** Rows as they stand in a request, each with its own JSON path. */
export interface PlacedRow {
  readonly path: string;
  readonly cells: Row;
}

/** Why a value is not a table, and where. */
export interface TableFault {
  readonly path: string;
  readonly fault: string;
}

/** Writes rows in one of pandas' forms. */
export function writeTable(rows: readonly Row[], names: readonly string[], form: TableForm): unknown {
  const values = rows.map((row) => names.map((name) => row[name] ?? null));
  switch (form) {
    case 'records':
      return rows;
    case 'values':
      return values;
    case 'split':
      return { columns: names, index: rows.map((_, i) => i), data: values };
    case 'index':
      return Object.fromEntries(rows.map((row, i) => [String(i), row]));
    case 'columns':
      return Object.fromEntries(names.map((name) => [name, Object.fromEntries(rows.map((row, i) => [String(i), row[name] ?? null]))])); // prettier-ignore
    default:
      return { schema: { fields: names.map((name) => ({ name })) }, data: rows };
  }
}

/**
 * Reads a table in one of pandas' forms into rows.
 *
 * @param names the columns, for forms that do not carry them
 */
export function readTable(
  value: unknown,
  form: TableForm,
  { names, path }: { readonly names: readonly string[]; readonly path: string },
): readonly PlacedRow[] | TableFault {
  switch (form) {
    case 'records':
      return readRows(value, path);
    case 'values':
      return readValues(value, names, path);
    case 'index':
      return isObject(value) ? collect(Object.entries(value), path) : { path, fault: `expected an object of rows by their index, found ${kindOf(value)}` }; // prettier-ignore
    case 'split':
      return readSplit(value, path);
    case 'columns':
      return readColumns(value, path);
    default:
      if (isObject(value)) return readRows(value['data'], `${path}.data`);
      return { path, fault: `expected {"schema": …, "data": [rows]}, found ${kindOf(value)}` };
  }
}

function readRows(value: unknown, path: string): readonly PlacedRow[] | TableFault {
  if (!Array.isArray(value)) return { path, fault: `expected an array of rows, found ${kindOf(value)}` };
  return collect(value.map((row, i) => [i, row]), path); // prettier-ignore
}

function collect(
  rows: readonly (readonly [string | number, unknown])[],
  path: string,
): readonly PlacedRow[] | TableFault {
  // prettier-ignore
  const placed: PlacedRow[] = [];
  for (const [key, cells] of rows) {
    const at = typeof key === 'number' ? `${path}[${key}]` : `${path}.${key}`;
    if (!isObject(cells)) return { path: at, fault: `expected a row, an object with the columns by name, found ${kindOf(cells)}` }; // prettier-ignore
    placed.push({ path: at, cells });
  }
  return placed;
}

function readValues(value: unknown, names: readonly string[], path: string): readonly PlacedRow[] | TableFault {
  if (!Array.isArray(value)) return { path, fault: `expected an array of rows, found ${kindOf(value)}` };
  const placed: PlacedRow[] = [];
  for (const [i, row] of value.entries()) {
    const at = `${path}[${i}]`;
    if (!Array.isArray(row) || row.length !== names.length) {
      const found = Array.isArray(row) ? `${row.length} values` : kindOf(row);
      return { path: at, fault: `expected an array of ${names.length} values (${names.join(', ')}), found ${found}` };
    }
    placed.push({ path: at, cells: Object.fromEntries(names.map((name, column) => [name, row[column] as unknown])) });
  }
  return placed;
}

function readSplit(value: unknown, path: string): readonly PlacedRow[] | TableFault {
  if (!isObject(value)) return { path, fault: `expected {"columns": [names], "data": [rows]}, found ${kindOf(value)}` };
  const { columns, data } = value;
  if (!Array.isArray(columns) || !columns.every((name) => typeof name === 'string')) {
    return { path: `${path}.columns`, fault: `expected an array of names, found ${kindOf(columns)}` };
  }
  return readValues(data, columns, `${path}.data`);
}

function readColumns(value: unknown, path: string): readonly PlacedRow[] | TableFault {
  if (!isObject(value)) return { path, fault: `expected an object of columns by name, found ${kindOf(value)}` };
  const rows = new Map<string, Record<string, unknown>>();
  for (const [name, column] of Object.entries(value)) {
    // pandas writes {"0": …}; an array means the same
    if (typeof column !== 'object' || column === null) return { path: `${path}.${name}`, fault: `expected the values of the column, found ${kindOf(column)}` }; // prettier-ignore
    for (const [index, cell] of Object.entries(column)) {
      const row = rows.get(index) ?? (Object.create(null) as Record<string, unknown>);
      row[name] = cell;
      rows.set(index, row);
    }
  }
  return [...rows].map(([index, cells]) => ({ path: `${path}[row ${index}]`, cells }));
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' ? 'an object' : JSON.stringify(value).slice(0, 60);
}
