import path from 'node:path';
import { typedArrays } from '@edgewright/contract';
import type { FeatureIdentity, ModelFormat, ModelSignature, TensorSpec } from '@edgewright/contract';
import { hasRows, outputFeatures, rowsOfTensors, rowWidth, valueIn } from '@edgewright/drift';
import type { TensorFeature } from '@edgewright/drift';
import type { Engine, Tensor, TensorData } from '@edgewright/engine';

/** A model's file, for the engine. */
export interface ModelToRun {
  readonly name: string;
  readonly path: string;
  readonly format: ModelFormat;
}

/** What was seen of an output. */
export interface PredictedFeature {
  readonly feature: TensorFeature;
  readonly numbers: number[];
  readonly categories: Map<string, number>;
  missing: number;
}

type InputValues = readonly { readonly feature: FeatureIdentity; readonly values: Float64Array | undefined }[];

const MAX_ROWS = 10_000;
const BATCH_ROWS = 256;

/**
 * Asks the model about rows of the training data: all, or 10 000 that lie evenly among them. Rows with a missing value are left
 * out, for a model takes none.
 *
 * @throws RangeError when the rows cannot be put to the model; EngineError when it fails on them
 */
export async function predictOutputs(
  inputs: InputValues,
  {
    model,
    signature,
    signal,
  }: { readonly model: ModelToRun; readonly signature: ModelSignature; readonly signal?: AbortSignal | undefined },
): Promise<PredictedFeature[]> {
  const rows = completeRows(inputs);
  const { createEngine } = await import('@edgewright/engine');
  await using engine = await createEngine({
    models: [{ ...model, version: 0 }],
    modelDirectory: path.dirname(model.path),
    backend: 'auto',
    workers: 1,
    ...(signal === undefined ? {} : { signal }),
  });
  const found: PredictedFeature[] = signature.outputs
    .flatMap((spec) => outputFeatures(spec))
    .map((feature) => ({
      feature,
      numbers: [],
      categories: new Map<string, number>(),
      missing: 0,
    }));
  const batchRows = signature.inputs.every(({ shape }) => shape[0] === -1) ? BATCH_ROWS : 1;
  for (let at = 0; at < rows.length; at += batchRows) {
    signal?.throwIfAborted();
    const batch = rows.slice(at, at + batchRows);
    await predictBatch(engine, { batch, inputs, signature, found });
  }
  return found;
}

interface Batch {
  readonly batch: readonly number[];
  readonly inputs: InputValues;
  readonly signature: ModelSignature;
  readonly found: readonly PredictedFeature[];
}

async function predictBatch(engine: Engine, { batch, inputs, signature, found }: Batch): Promise<void> {
  const tensors = Object.fromEntries(signature.inputs.map((spec) => [spec.name, tensorOf(spec, inputs, batch)]));
  const { outputs } = await engine.infer({ requestId: 'baseline', inputs: tensors });
  for (const row of rowsOfTensors(outputs, batch.length)) {
    for (const [place, each] of found.entries()) {
      const value = valueIn(row, each.feature, place);
      if (value === undefined) each.missing += 1;
      else if (typeof value === 'number') each.numbers.push(value);
      else each.categories.set(value, (each.categories.get(value) ?? 0) + 1);
    }
  }
}

/** Places of rows that have every value, at most as many as are asked about. */
function completeRows(inputs: InputValues): number[] {
  const columns = inputs.map(({ feature, values }) => {
    if (values === undefined || feature.element === undefined)
      throw new RangeError(`"${feature.name}" cannot be put back into the model's input`);
    return values;
  });
  const count = columns[0]?.length ?? 0;
  const complete = Array.from({ length: count }, (_, row) => row).filter((row) =>
    columns.every((values) => Number.isFinite(values[row])),
  );
  const taken = Math.min(MAX_ROWS, complete.length);
  if (taken === 0) throw new RangeError('no row has all values');
  return Array.from({ length: taken }, (_, at) => complete[Math.floor((at * complete.length) / taken)] ?? 0);
}

function tensorOf(spec: TensorSpec, inputs: InputValues, batch: readonly number[]): Tensor {
  const { name, datatype, shape } = spec;
  if (datatype === 'BYTES' || datatype === 'FP16' || datatype === 'BF16')
    throw new RangeError(`the input "${name}" is ${datatype}`);
  const width = rowWidth(spec) ?? 0;
  const data = new typedArrays[datatype](batch.length * width) as TensorData & Record<number, number | bigint>;
  const columns = inputs.filter(({ feature }) => feature.tensor === name);
  const isLong = datatype === 'INT64' || datatype === 'UINT64';
  for (const [at, row] of batch.entries()) {
    for (const { feature, values } of columns) {
      const value = values?.[row] ?? 0;
      data[at * width + (feature.element ?? 0)] = isLong ? BigInt(Math.trunc(value)) : value;
    }
  }
  return { datatype, data, shape: hasRows(spec) ? [batch.length, ...shape.slice(1)] : [...shape] };
}
