import Type from 'typebox';
import type { Static } from 'typebox';
import { SERVICE_NAME_PATTERN } from '../deployment-config.ts';
import { BatchClusterSchema } from './batch-cluster.ts';

const closed = { additionalProperties: false } as const;

/** Azure ML's rule for the size of a mini-batch of rows: digits, and perhaps a unit. */
export const MINI_BATCH_SIZE_PATTERN = String.raw`^\d+([kKmMgG][bB])*$`;
/** No path, and none of what stores refuse in a name. */
const APPEND_ROW_FILE_PATTERN = String.raw`^[^~"#%&*:<>?/\\{|}]+$`;

const Words = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));
const Whole = (least: number, fallback: number, description: string) =>
  Type.Optional(Type.Integer({ minimum: least, default: fallback, description }));
const Lines = (description: string) => Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description });

/** What a batch job may say of how it runs: the fields of Azure ML's ParallelRunConfig, and edgewright's own below. */
export const batchSettings = {
  miniBatchSize: Type.Optional(
    // one schema for both kinds, so that what is wrong is told by its description
    Type.Unsafe<number | string>({
      type: ['integer', 'string'],
      minimum: 1,
      pattern: MINI_BATCH_SIZE_PATTERN,
      description:
        'what one call of run() gets: of files their number (default 10); of rows a size such as `512kb` or `1MB` (default), never across files',
    }),
  ),
  errorThreshold: Whole(-1, -1, 'items that may fail; one more ends the job as Failed; -1: any number'),
  allowedFailedCount: Whole(-1, -1, 'mini-batches that may fail as a whole; -1: any number'),
  allowedFailedPercent: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 100,
      default: 100,
      description: 'of all mini-batches, how many per cent may fail as a whole',
    }),
  ),
  outputAction: Type.Optional(
    Type.Enum(['append_row', 'summary_only'], {
      default: 'append_row',
      description: 'append_row: results become one file; summary_only: the script writes, and results are counted',
    }),
  ),
  appendRowFileName: Type.Optional(
    Type.String({
      pattern: APPEND_ROW_FILE_PATTERN,
      maxLength: 200,
      default: 'parallel_run_step.txt',
      description:
        'the name of a file, without any of ~ " # % & * : < > ? / \\ { | }; `.csv` makes it CSV, any other name JSON Lines',
    }),
  ),
  processCountPerNode: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1024,
      description: 'worker processes of a node; default its processors, and 1 where a GPU scores',
    }),
  ),
  nodeCount: Whole(1, 1, 'nodes: pods of Kubernetes; this machine is one node, whatever is asked for'),
  runInvocationTimeout: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 86_400,
      default: 60,
      description: 'seconds that a mini-batch may take: reading its items, one call of run(), writing its results',
    }),
  ),
  runMaxTry: Whole(1, 3, 'how often a mini-batch is tried as a whole'),
  loggingLevel: Type.Optional(
    Type.Enum(['WARNING', 'INFO', 'DEBUG'], { default: 'INFO', description: 'from which level on the logs get lines' }),
  ),
  inputFormat: Type.Optional(
    Type.Enum(['file', 'tabular'], {
      description:
        'file: run() gets paths; tabular: it gets rows of .csv, .jsonl and .parquet; default: tabular when all files are of these kinds',
    }),
  ),
  columns: Type.Optional(
    Type.Union(
      [Lines('columns, in the order of the input'), Type.Record(Type.String(), Lines('columns of an input'))],
      {
        description:
          'for a model without a script: the columns that its input takes, or an object with the columns of each input; default: by the names of inputs, else all columns in their order',
      },
    ),
  ),
  delimiter: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1, default: ',', description: 'what stands between the cells of CSV' }),
  ),
  header: Type.Optional(
    Type.Boolean({
      default: true,
      description: 'whether the first line of CSV names the columns; else they are 0, 1, …',
    }),
  ),
  rowsPerRun: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 65_536,
      default: 1024,
      description: 'for a model without a script: rows in one run, where its first dimension is free',
    }),
  ),
} as const;

/**
 * `batchconfig.json` (or `.yml`): a batch job. The keys up to `loggingLevel` are those of Azure ML's ParallelRunConfig and
 * ParallelRunStep, the others edgewright's own. Paths are relative to the file.
 */
export const BatchConfigSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'the JSON Schema of this file, for editors' })),
    name: Type.Optional(
      Type.String({
        pattern: SERVICE_NAME_PATTERN,
        minLength: 3,
        maxLength: 32,
        description: '3 to 32 of a-z, 0-9 and -, a letter first, and no - at the end',
      }),
    ),
    description: Type.Optional(Type.String({ description: 'a text for people' })),
    entryScript: Words(
      'the script (.ts, .js or .mjs) with init() and run(miniBatch, request), relative to sourceDirectory; without one the model is run as it is',
    ),
    sourceDirectory: Words('the folder of the script and what it imports; default: the folder of this file'),
    inferenceConfig: Words(
      'an inference configuration, for its backend, images and packages; its entry script, which takes requests, is not used',
    ),
    models: Type.Optional(Lines('registered models, NAME or NAME:VERSION')),
    inputs: Type.Optional(Lines('files, folders, or addresses of Azure Blob Storage (https://)')),
    output: Words('the folder for the results, or an address of Azure Blob Storage; default: in the workspace'),
    sideInputs: Type.Optional(
      Type.Record(Type.String(), Type.String({ minLength: 1 }), {
        description: 'folders and files that the script reads beside the input, by name; relative to this file',
      }),
    ),
    arguments: Type.Optional(Type.Array(Type.String(), { description: 'what the script gets as context.arguments' })),
    ...batchSettings,
    computeTarget: Words('a cluster that was attached; default: this machine'),
    kubernetes: Type.Optional(BatchClusterSchema),
    partitionKeys: Type.Optional(
      Type.Unsafe<never>({
        not: {},
        description: 'no partition keys: rows are read as they stand; write each group into a file of its own',
      }),
    ),
  },
  { ...closed, $id: 'https://edgewright.dev/schemas/batchconfig.json', title: 'batchconfig.json' },
);

export type BatchConfig = Static<typeof BatchConfigSchema>;
