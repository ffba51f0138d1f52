import { elementWriter } from '@edgewright/engine';
import type { NamedTensors, Tensor } from '@edgewright/engine';
import { BatchError } from '../batch-error.ts';

/**
 * The results of the rows of a run as JSON texts: the output's value for a row, or an object with one for each output.
 *
 * @throws BatchError `ModelNotByRows`
 */
export function tensorsToResults(outputs: NamedTensors, rows: number): readonly string[] {
  const named = Object.entries(outputs).map(([name, tensor]) => ({ name, texts: textsOf(name, tensor, rows) }));
  const [only] = named;
  if (only !== undefined && named.length === 1) return only.texts;
  return Array.from({ length: rows }, (_, row) => `{${named.map(({ name, texts }) => `${JSON.stringify(name)}:${texts[row] ?? 'null'}`).join(',')}}`); // prettier-ignore
}

function textsOf(name: string, { shape, data, datatype }: Tensor, rows: number): string[] {
  const [first, ...rest] = shape;
  if (first !== rows) {
    throw new BatchError('ModelNotByRows', `the model's output "${name}" has the shape [${shape.join(',')}] for ${rows} rows: it is not known which part belongs to which row; write an entry script`); // prettier-ignore
  }
  const width = rest.reduce((product, size) => product * size, 1);
  const texts: string[] = [];
  const write = elementWriter(datatype);
  const isFloat = datatype === 'FP32' || datatype === 'FP64';
  const element = isFloat ? numberText : (value: number | bigint | string) => JSON.stringify(write(value));
  for (let row = 0; row < rows; row += 1) {
    texts.push(width === 1 ? element(data[row] as never) : nested(data, { at: row * width, sizes: rest, element }));
  }
  return texts;
}

interface Slice {
  readonly at: number;
  readonly sizes: readonly number[];
  readonly element: (value: never) => string;
}

function nested(data: Tensor['data'], { at, sizes, element }: Slice): string {
  const [size = 1, ...rest] = sizes;
  const step = rest.reduce((product, each) => product * each, 1);
  let text = '[';
  for (let i = 0; i < size; i += 1) {
    if (i > 0) text += ',';
    text +=
      rest.length === 0 ? element(data[at + i] as never) : nested(data, { at: at + i * step, sizes: rest, element });
  }
  return `${text}]`;
}

/** As everywhere: what JSON has no number for is a word. */
function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}
