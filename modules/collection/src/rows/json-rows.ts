import { flatten, writeCell } from './flatten.ts';
import type { Cells, FlattenOptions } from './flatten.ts';

/** The keys that the rows of a request or an answer stand under, in Azure ML's examples and edgewright's own conventions. */
const CONTAINERS = ['data', 'inputs', 'Inputs', 'input_data', 'predictions', 'outputs', 'result', 'results'];
/** These say how to read the rows and are none of them. */
const NOT_DATA = new Set(['model', 'method', 'GlobalParameters']);

export interface JsonRowsOptions {
  /** What values without a name are called. */
  readonly name: string;
  /** What the elements of a row are called. */
  readonly names: readonly string[] | undefined;
  /** How many rows there are, when that is known: a list of another length is one row. */
  readonly expected: number | undefined;
}

/** Makes rows of a JSON value: of a list, of an object of lists as long as each other, or one row of anything else. */
export function jsonRows(value: unknown, how: JsonRowsOptions, options: FlattenOptions): Cells[] {
  const { rows, rest } = unpack(value);
  return rowsIn(rows, how.expected).map((row) => {
    const cells: Cells = new Map();
    for (const [key, member] of rest) flatten(cells, [key, member], options);
    writeRow(cells, row, { how, options });
    return cells;
  });
}

/** The part that holds the rows, and what stands beside it. */
function unpack(value: unknown): { rows: unknown; rest: [string, unknown][] } {
  if (!isObject(value)) return { rows: value, rest: [] };
  const container = CONTAINERS.find((key) => typeof value[key] === 'object' && value[key] !== null);
  if (container === undefined) return { rows: value, rest: [] };
  const rest = Object.entries(value).filter(([key]) => key !== container && !NOT_DATA.has(key));
  return { rows: value[container], rest };
}

function rowsIn(value: unknown, expected: number | undefined): readonly unknown[] {
  const fits = (length: number): boolean => (expected === undefined ? length > 0 : length === expected);
  if (Array.isArray(value)) return fits(value.length) ? (value as unknown[]) : [value];
  if (!isObject(value)) return [value];
  const columns = Object.entries(value);
  const [first] = columns;
  const length = Array.isArray(first?.[1]) ? first[1].length : 0;
  const inColumns = length > 0 && columns.every(([, column]) => Array.isArray(column) && column.length === length);
  if (!inColumns || !fits(length)) return [value];
  return Array.from({ length }, (_, index) =>
    Object.fromEntries(columns.map(([name, column]) => [name, (column as unknown[])[index]])),
  );
}

function writeRow(
  cells: Cells,
  row: unknown,
  { how, options }: { readonly how: JsonRowsOptions; readonly options: FlattenOptions },
): void {
  const { name, names } = how;
  // one input in columns is the same as in rows
  const only = isObject(row) && Object.keys(row).length === 1 ? row[name] : undefined;
  const list = Array.isArray(row) ? (row as unknown[]) : Array.isArray(only) ? (only as unknown[]) : undefined;
  if (list === undefined) return flatten(cells, [isObject(row) ? '' : name, row], options);
  if (names?.length === list.length && options.redactor.actionFor(name) === undefined) {
    for (const [index, element] of list.entries()) writeNamed(cells, names[index] ?? '', { element, options });
    return;
  }
  const [element] = list;
  // a row of one number is that number
  if (list.length === 1 && !Array.isArray(element)) flatten(cells, [name, element], options);
  else flatten(cells, [name, list], options);
}

function writeNamed(
  cells: Cells,
  column: string,
  { element, options }: { readonly element: unknown; readonly options: FlattenOptions },
): void {
  if (typeof element === 'object' && element !== null) flatten(cells, [column, element], options);
  else writeCell(cells, [column, element], options);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
