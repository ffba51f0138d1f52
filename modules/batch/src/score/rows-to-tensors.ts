import { typedArrays } from '@edgewright/contract';
import type { Datatype } from '@edgewright/contract';
import { elementReader } from '@edgewright/engine';
import type { NamedTensors, Tensor, TensorData } from '@edgewright/engine';
import type { InputColumns, RowPlan } from './resolve-columns.ts';

type Convert = (cell: unknown) => number | bigint | string | undefined;

/**
 * Makes the inputs of a run from rows.
 *
 * @returns the tensors of the rows that could be read, which these are, and why the others could not
 */
export function rowsToTensors(
  rows: readonly (readonly unknown[])[],
  plan: RowPlan,
): { readonly inputs: NamedTensors; readonly good: readonly number[]; readonly faults: ReadonlyMap<number, string> } {
  const faults = new Map<number, string>();
  const filled = plan.inputs.map((input) => ({ input, data: fill(rows, input, faults) }));
  const good: number[] = [];
  for (let i = 0; i < rows.length; i += 1) if (!faults.has(i)) good.push(i);
  const inputs = Object.fromEntries(
    filled.map(({ input, data }) => [input.spec.name, tensorOf(data, good, { input, of: rows.length })]),
  );
  return { inputs, good, faults };
}

/** The elements of all rows. Of rows with a fault they mean nothing. */
function fill(
  rows: readonly (readonly unknown[])[],
  { spec, columns, names }: InputColumns,
  faults: Map<number, string>,
): TensorData {
  const { datatype } = spec;
  const convert = converterOf(datatype);
  const data = datatype === 'BYTES' ? Array.from<string>({ length: rows.length * columns.length }) : new (arrayOf(datatype))(rows.length * columns.length); // prettier-ignore
  let at = 0;
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] ?? [];
    for (let j = 0; j < columns.length; j += 1) {
      const cell = row[columns[j] ?? -1];
      const element = convert(cell);
      if (element !== undefined) (data as unknown[])[at] = element;
      else if (!faults.has(i)) faults.set(i, faultText(names[j] ?? '', cell, datatype));
      at += 1;
    }
  }
  return data;
}

function tensorOf(
  data: TensorData,
  good: readonly number[],
  { input: { spec, columns }, of }: { readonly input: InputColumns; readonly of: number },
): Tensor {
  const rest = spec.shape.slice(1);
  const shape = rest.includes(-1)
    ? [good.length, columns.length]
    : spec.shape.length === 0
      ? []
      : [good.length, ...rest];
  if (good.length === of) return { datatype: spec.datatype, shape, data };
  const kept = data.slice(0, good.length * columns.length);
  for (const [to, from] of good.entries()) {
    for (let j = 0; j < columns.length; j += 1)
      kept[to * columns.length + j] = data[from * columns.length + j] as never;
  }
  return { datatype: spec.datatype, shape, data: kept };
}

function faultText(column: string, cell: unknown, datatype: Datatype): string {
  if (cell === undefined || cell === null || cell === '') return `the column "${column}" is empty`;
  const text = JSON.stringify(cell) ?? typeof cell;
  return `the column "${column}" is ${text.length > 80 ? `${text.slice(0, 80)}…` : text}, which is no ${datatype}`;
}

function arrayOf(datatype: Datatype) {
  const found = datatype === 'BYTES' ? undefined : typedArrays[datatype];
  if (found === undefined) throw new TypeError(`there are no rows of ${datatype}`);
  return found;
}

/** What a cell is in a tensor; undefined for what it cannot be. Texts are cells of CSV, and say what they hold. */
function converterOf(datatype: Datatype): Convert {
  const read = elementReader(datatype);
  if (datatype === 'BYTES')
    return (cell) => read(typeof cell === 'number' || typeof cell === 'boolean' ? String(cell) : cell);
  if (datatype === 'BOOL') {
    return (cell) => read(typeof cell === 'string' ? ({ true: true, false: false, 1: 1, 0: 0 } as Record<string, unknown>)[cell.toLowerCase()] : cell); // prettier-ignore
  }
  if (datatype === 'INT64' || datatype === 'UINT64') return (cell) => (cell === '' ? undefined : read(cell));
  return (cell) => {
    if (typeof cell !== 'string') return read(cell);
    const value = Number(cell);
    // Number('') is 0, and so is Number(' '); words such as NaN are the reader's
    return Number.isNaN(value) || (value === 0 && cell.trim() === '') ? read(cell) : read(value);
  };
}
