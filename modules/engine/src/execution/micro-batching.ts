import type { ModelSignature } from '@edgewright/contract';
import { arrayOf } from '../array-of.ts';
import type { Job, JobOutput, ModelJob } from '../scoring/job.ts';
import type { NamedTensors, Tensor, TensorData } from '../tensor.ts';

/** Requests are joined to one run of the model along its first dimension. */
export interface BatchingOptions {
  /** Rows in one run, at most. */
  readonly maxSize: number;
  /**
   * Milliseconds that a request may wait for others to join it. 0 (default) joins only what waits anyway: requests of the
   * same turn of the event loop, and those that come while a run is under way.
   */
  readonly maxDelayMs?: number;
}

/** True when rows of a model can be scored together: the first dimension of every input and output is free. */
export function canBatch({ inputs, outputs }: ModelSignature): boolean {
  return inputs.length > 0 && [...inputs, ...outputs].every(({ shape }) => shape[0] === -1);
}

/** The rows of a job that may be joined with others; undefined when its inputs do not agree on them. */
function rowsOf(job: ModelJob): number | undefined {
  let rows: number | undefined;
  for (const name of Object.keys(job.inputs)) {
    const own = job.inputs[name]?.shape[0];
    if (own === undefined || (rows !== undefined && own !== rows)) return undefined;
    rows = own;
  }
  return rows;
}

/** What a job brings to a batch. */
export interface BatchPlace {
  /** Jobs with the same key may be joined: the model, and element type and shape of a row of each input. */
  readonly key: string;
  readonly rows: number;
}

/**
 * Where a job belongs.
 *
 * @param models the names of the models whose rows can be scored together
 * @returns undefined for a job that cannot be joined with any
 */
export function batchPlace(job: Job, models: ReadonlySet<string>): BatchPlace | undefined {
  if (job.kind !== 'model' || !models.has(job.model)) return undefined;
  const rows = rowsOf(job);
  if (rows === undefined) return undefined;
  let key = job.model;
  for (const name of Object.keys(job.inputs).toSorted()) {
    const tensor = job.inputs[name];
    key += `|${name}:${tensor?.datatype}`;
    for (let at = 1; at < (tensor?.shape.length ?? 0); at += 1) key += `,${tensor?.shape[at]}`;
  }
  return { key, rows };
}

/** One job that does the work of several with the same key. */
export function joinJobs(jobs: readonly ModelJob[]): ModelJob {
  const [first] = jobs;
  if (first === undefined) throw new RangeError('no jobs to join');
  const inputs = Object.fromEntries(
    Object.keys(first.inputs).map((name) => [name, joinTensors(jobs.map((job) => job.inputs[name] as Tensor))]),
  );
  return { ...first, inputs };
}

/**
 * The outputs of each of the joined jobs.
 *
 * @returns undefined when the outputs do not have a row for each row of the inputs: then nothing says whose they are
 */
export function splitOutput(output: JobOutput, rows: readonly number[]): readonly JobOutput[] | undefined {
  if (!('outputs' in output)) return undefined;
  const total = rows.reduce((sum, count) => sum + count, 0);
  const names = Object.keys(output.outputs);
  if (names.some((name) => output.outputs[name]?.shape[0] !== total)) return undefined;
  let from = 0;
  return rows.map((count) => {
    const part = sliceAll(output.outputs, from, count);
    from += count;
    return { outputs: part };
  });
}

function sliceAll(outputs: NamedTensors, from: number, count: number): NamedTensors {
  const part: Record<string, Tensor> = {};
  for (const name of Object.keys(outputs)) {
    const tensor = outputs[name] as Tensor;
    const width = tensor.shape.slice(1).reduce((product, size) => product * size, 1);
    // copied, so that each caller owns its own
    const data: TensorData = tensor.data.slice(from * width, (from + count) * width);
    part[name] = { datatype: tensor.datatype, shape: [count, ...tensor.shape.slice(1)], data };
  }
  return part;
}

function joinTensors(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new RangeError('no tensors to join');
  const rows = tensors.reduce((sum, tensor) => sum + (tensor.shape[0] ?? 0), 0);
  return { datatype: first.datatype, shape: [rows, ...first.shape.slice(1)], data: joinData(tensors, first.datatype) };
}

function joinData(tensors: readonly Tensor[], datatype: Tensor['datatype']): TensorData {
  if (datatype === 'BYTES') return tensors.flatMap((tensor) => tensor.data as string[]);
  const length = tensors.reduce((sum, tensor) => sum + tensor.data.length, 0);
  const joined = new (arrayOf(datatype))(length);
  let at = 0;
  for (const { data } of tensors) {
    // all have the array of their datatype: the inputs were checked
    (joined as { set(from: unknown, offset: number): void }).set(data, at);
    at += data.length;
  }
  return joined;
}
