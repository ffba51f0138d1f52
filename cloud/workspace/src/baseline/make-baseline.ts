import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { baselineLimits, ContractError, describeCategories, describeNumbers, messageOf } from '@edgewright/contract';
import type { DriftBaseline, EventSink, FeatureBaseline, ModelSignature } from '@edgewright/contract';
import { FeatureColumns } from './feature-columns.ts';
import { predictOutputs } from './predict-outputs.ts';
import type { ModelToRun } from './predict-outputs.ts';
import { readTable } from './read-table.ts';

/** What a baseline is made of. */
export interface BaselineInput {
  /** The training data: CSV with a header, JSON Lines or Parquet. */
  readonly file: string;
  /** Columns of it that are no features, such as what the model was to learn. */
  readonly targets?: readonly string[] | undefined;
  /**
   * A table with what the model, or its service, gives for such data. Default: the model itself is asked about up to 10 000 rows.
   * What was to be learned is not the same: a model's answers lie closer together.
   */
  readonly outputsFile?: string | undefined;
}

export interface MakeBaselineOptions {
  /** What the model takes and gives, where its format says so. */
  readonly signature: ModelSignature | undefined;
  /** The model, where a backend of this machine may run it. */
  readonly model: ModelToRun | undefined;
  readonly events: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Says what training data look like, feature by feature.
 *
 * @throws ContractError `FileNotReadable`, `InvalidJson`, `InvalidDocument`
 */
export async function makeBaseline(input: BaselineInput, options: MakeBaselineOptions): Promise<DriftBaseline> {
  const { signature, events } = options;
  const { file, targets = [] } = input;
  events({ stage: 'model.baseline', state: 'started', text: `reading ${file}` });
  const columns = await gather(file, { side: 'input', signature, excluded: targets }, options.signal);
  const source = await sourceOf(file, columns.rows);
  const inputs = limited(columns.describe(), file);
  const { outputsFile } = input;
  const given =
    outputsFile === undefined
      ? undefined
      : await gather(outputsFile, { side: 'output', signature, excluded: [] }, options.signal);
  const outputs = given === undefined ? await outputsOf(columns, options) : limited(given.describe(), file);
  events({
    stage: 'model.baseline',
    state: 'done',
    text: `described ${source.rows} rows: ${inputs.length} inputs, ${outputs.length} outputs`,
  });
  return {
    schemaVersion: 1,
    source,
    ...(outputsFile === undefined || given === undefined
      ? {}
      : { outputsSource: await sourceOf(outputsFile, given.rows) }),
    inputs,
    outputs,
  };
}

async function gather(
  file: string,
  options: Omit<ConstructorParameters<typeof FeatureColumns>[0], 'file'>,
  signal: AbortSignal | undefined,
): Promise<FeatureColumns> {
  const columns = new FeatureColumns({ file, ...options });
  for await (const row of readTable(file, 'the baseline')) {
    signal?.throwIfAborted();
    columns.add(row);
  }
  if (columns.rows > 0) return columns;
  throw new ContractError('InvalidDocument', `cannot take a baseline from "${file}": it has no rows`, {
    details: { file },
  });
}

/** What the model itself says; nothing when it cannot be asked, for a baseline of inputs alone is worth having. */
async function outputsOf(
  columns: FeatureColumns,
  { model, signature, events, signal }: MakeBaselineOptions,
): Promise<FeatureBaseline[]> {
  const skip = (reason: string): FeatureBaseline[] => {
    events({
      stage: 'model.baseline',
      state: 'note',
      text: `outputs are not watched: ${reason}; give what the model answers with --baseline-outputs FILE`,
    });
    return [];
  };
  if (model === undefined || signature === undefined)
    return skip('no backend of this machine runs a model of this format');
  try {
    const outputs = await predictOutputs(columns.numbers, { model, signature, signal });
    return outputs.flatMap(
      ({ feature, numbers, categories, missing }) =>
        (feature.kind === 'numeric'
          ? describeNumbers(identityOf(feature), Float64Array.from(numbers))
          : describeCategories(identityOf(feature), categories, missing)) ?? [],
    );
  } catch (error) {
    signal?.throwIfAborted();
    return skip(messageOf(error));
  }
}

function identityOf<Feature extends { readonly kind: string }>({
  kind: _kind,
  ...feature
}: Feature): Omit<Feature, 'kind'> {
  return feature;
}

function limited(features: FeatureBaseline[], file: string): FeatureBaseline[] {
  if (features.length === 0) throw new ContractError('InvalidDocument', `cannot take a baseline from "${file}": no column has a value`, { details: { file } }); // prettier-ignore
  if (features.length <= baselineLimits.features) return features;
  throw new ContractError(
    'InvalidDocument',
    `cannot take a baseline from "${file}": it has ${features.length} features, and at most ${baselineLimits.features} are watched; leave columns out with --target`,
    { details: { file, features: features.length } },
  );
}

async function sourceOf(file: string, rows: number): Promise<DriftBaseline['source']> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { file: path.basename(file), sha256: hash.digest('hex'), rows };
}
