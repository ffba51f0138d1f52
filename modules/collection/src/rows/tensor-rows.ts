import type { NamedTensors, Tensor } from '@edgewright/engine';
import { writeCell } from './flatten.ts';
import type { Cells, FlattenOptions } from './flatten.ts';
import { summariseElements } from './summarise.ts';

/** Makes rows of tensors: by their first dimension, where all have the same, or one row of all. */
export function tensorRows(
  tensors: NamedTensors,
  names: readonly string[] | undefined,
  options: FlattenOptions,
): Cells[] {
  const entries = Object.entries(tensors);
  const [first] = entries;
  const count = first?.[1].shape[0] ?? 1;
  const inRows = count > 0 && entries.every(([, { shape }]) => shape.length > 0 && shape[0] === count);
  return Array.from({ length: inRows ? count : 1 }, (_, row) => {
    const cells: Cells = new Map();
    for (const [name, tensor] of entries) {
      const part = inRows ? rowOf(tensor, row, count) : tensor;
      writeTensor(cells, part, { name, names: entries.length === 1 ? names : undefined, options });
    }
    return cells;
  });
}

function rowOf({ datatype, shape, data }: Tensor, row: number, count: number): Tensor {
  const size = data.length / count;
  const part = Array.isArray(data)
    ? data.slice(row * size, (row + 1) * size)
    : data.subarray(row * size, (row + 1) * size);
  return { datatype, shape: shape.slice(1), data: part };
}

function writeTensor(
  cells: Cells,
  { datatype, shape, data }: Tensor,
  how: { readonly name: string; readonly names: readonly string[] | undefined; readonly options: FlattenOptions },
): void {
  const { name, names, options } = how;
  const { redactor, maxElements } = options;
  const action = redactor.actionFor(name);
  if (action === 'drop') return;
  if (action !== undefined) {
    cells.set(name, redactor.redact(action, plain(data)));
  } else if (data.length > maxElements) {
    cells.set(name, summariseElements(datatype, shape, data));
  } else {
    const named = names?.length === data.length ? names : undefined;
    for (const [index, element] of [...data].entries()) {
      writeCell(cells, [named?.[index] ?? (data.length === 1 ? name : `${name}_${index}`), element], options);
    }
  }
}

/** What JSON can write: 64-bit integers as texts. */
function plain(data: Tensor['data']): (number | string)[] {
  return [...data].map((element) => (typeof element === 'bigint' ? String(element) : element));
}
