import type { FeatureIdentity, FeatureValue } from '@edgewright/contract';
import { bfloatToNumber, halfToNumber } from '@edgewright/engine';
import type { NamedTensors, Tensor } from '@edgewright/engine';

/** One row of what went into a model or came out: cells by the name of a tensor or feature, or in their order. */
export interface RowView {
  readonly named?: Readonly<Record<string, unknown>>;
  readonly ordered?: ArrayLike<unknown>;
}

/** Wrappers around the rows of a request or an answer, as clients and entry scripts commonly write them. */
const WRAPPERS = ['data', 'inputs', 'Inputs', 'input_data', 'instances', 'predictions', 'outputs', 'Results', 'result'] as const; // prettier-ignore
const MAX_WRAPPERS = 3;

/** The rows of tensors, as many as the one with the most has. */
export function rowsOfTensors(tensors: NamedTensors, limit: number): RowView[] {
  const named = Object.entries(tensors).map(([name, tensor]) => ({ name, tensor, rows: rowCount(tensor) }));
  const rows = Math.max(0, ...named.map((each) => each.rows));
  return strided(rows, limit, (row) => ({
    named: Object.fromEntries(
      named.flatMap((each) => (row < each.rows ? [[each.name, cellsOf(each.tensor, row, each.rows)]] : [])),
    ),
  }));
}

/** The rows of JSON whose form is not known, as an entry script takes or gives it; undefined where nothing in it looks like rows. */
export function rowsOfJson(value: unknown, limit: number): RowView[] | undefined {
  let inner = value;
  for (let depth = 0; depth < MAX_WRAPPERS && isRecord(inner); depth += 1) {
    const record = inner;
    if (Array.isArray(record['columns']) && Array.isArray(record['data'])) {
      return rowsOfTable(record['columns'], record['data'], limit);
    }
    const wrapper = WRAPPERS.find((name) => typeof record[name] === 'object' && record[name] !== null);
    if (wrapper === undefined) break;
    inner = record[wrapper];
  }
  if (Array.isArray(inner)) {
    const list = inner as unknown[];
    return strided(list.length, limit, (row) => rowOf(list[row]));
  }
  return isRecord(inner) ? rowsOfColumns(inner, limit) : undefined;
}

/**
 * The value of a feature in a row; undefined when it is missing.
 *
 * @param place of the feature among all, for rows without names
 */
export function valueIn(
  row: RowView,
  feature: FeatureIdentity & { readonly kind: 'numeric' | 'categorical' },
  place: number,
): FeatureValue {
  const { named, ordered } = row;
  const byName = named?.[feature.name] ?? (feature.tensor === undefined ? undefined : named?.[feature.tensor]);
  const cells = byName ?? ordered;
  if (feature.summary !== undefined) return summaryOf(cells, feature.summary);
  const cell = isList(cells)
    ? cells[byName === undefined && feature.tensor === undefined ? place : (feature.element ?? place)]
    : cells;
  return asValue(cell, feature.kind === 'categorical');
}

/** What stands in a cell. Of a class that has a label or index (as `postprocess` writes it) the index. */
function asValue(cell: unknown, isCategory: boolean): FeatureValue {
  const plain = isRecord(cell) && 'index' in cell ? cell['index'] : cell;
  if (plain === null || plain === undefined || plain === '') return undefined;
  if (isCategory) return typeof plain === 'object' ? undefined : categoryText(plain);
  if (typeof plain === 'number' || typeof plain === 'bigint' || typeof plain === 'boolean') return Number(plain);
  const number = typeof plain === 'string' ? Number(plain) : Number.NaN;
  return Number.isNaN(number) ? undefined : number;
}

/** A truth value is the same category as the number that a tensor has for it. */
export function categoryText(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  return String(value).slice(0, 200);
}

function summaryOf(cells: unknown, summary: NonNullable<FeatureIdentity['summary']>): FeatureValue {
  // a script that answers with the class itself
  const only = isList(cells) ? (cells.length === 1 && !isRecord(cells[0]) ? cells[0] : undefined) : cells;
  if (only !== undefined && summary === 'class') return asValue(only, true);
  if (only !== undefined && summary === 'confidence') return undefined;
  if (!isList(cells)) return asValue(cells, false);
  const first = cells[0];
  if (isRecord(first) && 'index' in first) {
    return summary === 'class' ? asValue(first, true) : asValue(first['score'], false);
  }
  return summaryOfNumbers(flatNumbers(cells), summary);
}

function summaryOfNumbers(numbers: ArrayLike<number>, summary: NonNullable<FeatureIdentity['summary']>): FeatureValue {
  const count = numbers.length;
  if (count === 0) return undefined;
  let [sum, squares, minimum, maximum, place] = [0, 0, Infinity, -Infinity, 0];
  for (let at = 0; at < count; at += 1) {
    const value = numbers[at] ?? 0;
    sum += value;
    squares += value * value;
    minimum = Math.min(minimum, value);
    if (value > maximum) [maximum, place] = [value, at];
  }
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
  return { mean, deviation, minimum, maximum, class: String(place), confidence: maximum }[summary];
}

function flatNumbers(cells: ArrayLike<unknown>): ArrayLike<number> {
  if (ArrayBuffer.isView(cells) && !(cells instanceof BigInt64Array) && !(cells instanceof BigUint64Array)) {
    return cells as unknown as ArrayLike<number>;
  }
  return Array.from(cells).flat(Infinity).map(Number);
}

function rowOf(item: unknown): RowView {
  if (isRecord(item)) return { named: item };
  return { ordered: Array.isArray(item) ? (item.flat(Infinity) as unknown[]) : [item] };
}

function rowsOfTable(columns: readonly unknown[], data: readonly unknown[], limit: number): RowView[] {
  const names = columns.map(String);
  return strided(data.length, limit, (row) => {
    const cells = data[row];
    return {
      named: Object.fromEntries(
        names.map((name, at) => [name, Array.isArray(cells) ? (cells as unknown[])[at] : undefined]),
      ),
    };
  });
}

/** `{"age": [1, 2], "sex": ["m", "f"]}`, or one row `{"age": 1, "sex": "m"}`. */
function rowsOfColumns(record: Readonly<Record<string, unknown>>, limit: number): RowView[] {
  const lists = Object.entries(record).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
  if (lists.length === 0) return [{ named: record }];
  const rows = Math.max(...lists.map(([, list]) => list.length));
  return strided(rows, limit, (row) => ({
    named: Object.fromEntries(
      lists.map(([name, list]) => [
        name,
        Array.isArray(list[row]) ? (list[row] as unknown[]).flat(Infinity) : list[row],
      ]),
    ),
  }));
}

/** All rows, or where there are more than `limit` as many that lie evenly among them. */
function strided(rows: number, limit: number, at: (row: number) => RowView): RowView[] {
  const taken = Math.min(rows, limit);
  return Array.from({ length: taken }, (_, place) => at(Math.floor((place * rows) / taken)));
}

function rowCount({ shape }: Tensor): number {
  return shape.length === 0 ? 1 : (shape[0] ?? 0);
}

function cellsOf({ datatype, data }: Tensor, row: number, rows: number): ArrayLike<unknown> {
  const width = rows === 0 ? 0 : data.length / rows;
  const cells = data.slice(row * width, (row + 1) * width);
  if (datatype === 'FP16') return Float64Array.from(cells as Uint16Array, halfToNumber);
  return datatype === 'BF16' ? Float64Array.from(cells as Uint16Array, bfloatToNumber) : cells;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isList(value);
}
