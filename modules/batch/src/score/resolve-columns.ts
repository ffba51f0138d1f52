import { tensorSpecText, typedArrays } from '@edgewright/contract';
import type { ModelSignature, SettledBatchJob, TensorSpec } from '@edgewright/contract';
import { BatchError } from '../batch-error.ts';

/** How the columns of a table become an input of a model. */
export interface InputColumns {
  readonly spec: TensorSpec;
  /** Places of its columns in the table. */
  readonly columns: readonly number[];
  readonly names: readonly string[];
}

/** How the rows of a table become the inputs of a model. */
export interface RowPlan {
  readonly inputs: readonly InputColumns[];
  /** Rows in one run. */
  readonly rowsPerRun: number;
}

/**
 * Finds out which columns go into which input: as the job says, else by the names of inputs, else all columns in their order.
 *
 * @throws BatchError `ColumnsInvalid` with what there is and what is needed
 */
export function resolveColumns(
  table: { readonly key: string; readonly columns: readonly string[] },
  model: { readonly name: string; readonly signature: ModelSignature },
  job: Pick<SettledBatchJob, 'columns' | 'rowsPerRun'>,
): RowPlan {
  const { inputs } = model.signature;
  const refuse = (reason: string) =>
    new BatchError('ColumnsInvalid', `cannot make inputs of ${model.name} from ${table.key}: ${reason}. The table has the columns ${table.columns.join(', ')}; the model takes ${inputs.map((spec) => `${spec.name} ${tensorSpecText(spec)}`).join(', ')}. Say which to take with "columns", or write an entry script`, { details: { table: table.key, columns: table.columns } }); // prettier-ignore
  const wanted = wantedColumns(table, inputs, { job, refuse });
  const resolved = inputs.map((spec): InputColumns => {
    const names = wanted.get(spec.name) ?? [];
    const columns = names.map((name) => {
      const at = table.columns.indexOf(name);
      if (at === -1) throw refuse(`there is no column "${name}"`);
      return at;
    });
    const width = widthOf(spec);
    if (width !== undefined && width !== columns.length) {
      throw refuse(
        `"${spec.name}" takes ${width} ${width === 1 ? 'number' : 'numbers'} a row, and ${columns.length} columns were chosen`,
      );
    }
    if (spec.datatype !== 'BYTES' && typedArrays[spec.datatype] === undefined)
      throw refuse(`"${spec.name}" is ${spec.datatype}`);
    return { spec, columns, names };
  });
  const firsts = new Set(inputs.map(({ shape }) => shape[0] ?? -1));
  const [first = -1] = firsts;
  if (firsts.size > 1 || (first !== -1 && first !== 1))
    throw refuse('its inputs have no common first dimension that is free or 1');
  return { inputs: resolved, rowsPerRun: first === -1 ? job.rowsPerRun : 1 };
}

function wantedColumns(
  table: { readonly columns: readonly string[] },
  inputs: readonly TensorSpec[],
  { job, refuse }: { readonly job: Pick<SettledBatchJob, 'columns'>; readonly refuse: (reason: string) => BatchError },
): Map<string, readonly string[]> {
  const { columns } = job;
  const [only] = inputs;
  const isSingle = inputs.length === 1;
  if (Array.isArray(columns)) {
    if (only === undefined || !isSingle)
      throw refuse('"columns" is a list, but there are several inputs: give an object');
    return new Map([[only.name, columns]]);
  }
  const wanted = new Map<string, readonly string[]>(Object.entries(columns ?? {}));
  const unknown = [...wanted.keys()].find((name) => !inputs.some((spec) => spec.name === name));
  if (unknown !== undefined) throw refuse(`"columns" names "${unknown}", which is no input`);
  for (const spec of inputs) {
    if (wanted.has(spec.name)) continue;
    if (isSingle && !table.columns.includes(spec.name)) wanted.set(spec.name, table.columns);
    else if (table.columns.includes(spec.name)) wanted.set(spec.name, [spec.name]);
    else throw refuse(`there is no column for the input "${spec.name}"`);
  }
  return wanted;
}

/** Numbers of a row; undefined when any count will do. */
function widthOf({ shape }: TensorSpec): number | undefined {
  const rest = shape.slice(1);
  return rest.includes(-1) ? undefined : rest.reduce((product, size) => product * size, 1);
}
