import type { CollectedCell, Redaction } from '@edgewright/contract';
import { summariseList } from './summarise.ts';

/** Cells of one row by their columns. */
export type Cells = Map<string, CollectedCell>;

export interface FlattenOptions {
  /** A list with more values is summarised. */
  readonly maxElements: number;
  readonly redactor: {
    actionFor(path: string): Redaction | undefined;
    redact(action: Exclude<Redaction, 'drop'>, value: unknown): CollectedCell;
  };
}

/** A value, and what it is called; a value without a name is called after what it is part of. */
type NamedValue = readonly [column: string, value: unknown];

/** Where a value stands. */
interface Place {
  /** `customer.names_0`: the keys with dots, the places in lists with `_`. */
  readonly column: string;
  /** `customer.names`: the keys alone, which rules of redaction name. */
  readonly path: string;
}

interface Work {
  readonly value: unknown;
  readonly place: Place;
  readonly depth: number;
}

/** What is deeper is not looked at, and so not kept: no document may exhaust the stack, and no rule of redaction be got around. */
const MAX_DEPTH = 32;
/** Columns of one row; what is beyond is not kept. */
const MAX_COLUMNS = 20_000;

/**
 * Writes a JSON value into the cells of a row: the members of objects and the elements of short lists get columns of their own, long
 * lists are summarised.
 */
export function flatten(cells: Cells, [column, value]: NamedValue, options: FlattenOptions): void {
  write(cells, { value, place: { column, path: column }, depth: 0 }, options);
}

/** Writes one cell, unless it is redacted. */
export function writeCell(cells: Cells, [column, value]: NamedValue, { redactor }: FlattenOptions): void {
  const action = redactor.actionFor(column);
  if (action === undefined) cells.set(column, cellOf(value));
  else if (action !== 'drop') cells.set(column, redactor.redact(action, value));
}

function write(cells: Cells, { value, place, depth }: Work, options: FlattenOptions): void {
  const { redactor, maxElements } = options;
  const action = redactor.actionFor(place.path);
  if (action === 'drop') return;
  if (action !== undefined) {
    cells.set(place.column, redactor.redact(action, value));
    return;
  }
  if (typeof value !== 'object' || value === null) return writeCell(cells, [place.column, value], options);
  if (depth >= MAX_DEPTH || cells.size >= MAX_COLUMNS) return writeCell(cells, [place.column, '…'], options);
  if (!Array.isArray(value)) {
    for (const [key, member] of Object.entries(value)) {
      write(cells, { value: member, place: memberOf(place, key), depth: depth + 1 }, options);
    }
    return;
  }
  if (leavesOf(value, maxElements) > maxElements) return writeLong(cells, value, { place, options });
  for (const [index, element] of value.entries()) {
    const column = `${place.column}_${index}`;
    write(cells, { value: element, place: { ...place, column }, depth: depth + 1 }, options);
  }
}

function memberOf({ column, path }: Place, key: string): Place {
  const join = (before: string): string => (before === '' ? key : `${before}.${key}`);
  return { column: join(column), path: join(path) };
}

function writeLong(
  cells: Cells,
  list: readonly unknown[],
  { place, options }: { readonly place: Place; readonly options: FlattenOptions },
): void {
  const action = options.redactor.actionFor(place.column);
  if (action === 'drop') return;
  cells.set(place.column, action === undefined ? summariseList(list) : options.redactor.redact(action, list));
}

/** Values in a list and what it holds; counting stops above the limit. */
function leavesOf(value: unknown, limit: number, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return 1;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  if (members.length > limit) return members.length;
  let leaves = 0;
  for (const member of members) {
    leaves += leavesOf(member, limit, depth + 1);
    if (leaves > limit) return leaves;
  }
  return leaves;
}

function cellOf(value: unknown): CollectedCell {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  return null;
}
