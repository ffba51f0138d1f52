import path from 'node:path';
import { BatchConfigSchema, BatchJobSchema, checkDocument, InferenceConfigSchema } from '@edgewright/contract';
import type { BatchClusterSettings, BatchConfig, BatchJob, InferenceConfig } from '@edgewright/contract';
import { readDocument } from './read-document.ts';
import { WorkspaceError } from './workspace-error.ts';

/** A batch job that is to be submitted. */
export interface SubmitBatchInput {
  /** `batchconfig.json` or `.yml`, or its content. */
  readonly config?: string | BatchConfig | undefined;
  /** Keys that win over the file's. Paths in them are relative to the present folder. */
  readonly overrides?: Partial<BatchConfig>;
  /** Takes the place of a job of that name that has ended; without it one that exists is an error. */
  readonly overwrite?: boolean;
  /** For a cluster: an image that it can pull, instead of one that is built and pushed now. */
  readonly image?: string | undefined;
  /** Only says what would be done. */
  readonly dryRun?: boolean;
}

/** What is made of it: a job, and what its image would be made of. */
export interface PreparedBatch {
  readonly job: BatchJob;
  readonly description: string | undefined;
  readonly models: readonly string[];
  /** A cluster that was attached; undefined for this machine. */
  readonly computeTarget: string | undefined;
  readonly cluster: BatchClusterSettings | undefined;
  readonly inference: InferenceConfig;
  /** The folder that paths in `inference` start from. */
  readonly inferenceDirectory: string;
}

const PATHS = ['sourceDirectory', 'inferenceConfig', 'output'] as const;

/**
 * Reads what a job is to be, with its paths made absolute.
 *
 * @param defaultOutput where results go when it is not said
 * @throws ContractError `FileNotReadable`, `InvalidJson`, `InvalidDocument` · WorkspaceError `BatchIncomplete`
 */
export async function prepareBatch(
  { config = {}, overrides = {} }: SubmitBatchInput,
  defaultOutput: (name: string) => string,
): Promise<PreparedBatch> {
  const fromFile = typeof config === 'string';
  const written = fromFile ? await readDocument(BatchConfigSchema, config, 'the batch configuration') : config;
  const directory = fromFile ? path.dirname(path.resolve(config)) : path.resolve('.');
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const merged = { ...placed(written, directory), ...placed(given, path.resolve('.')) };
  const settled = checkDocument(
    BatchConfigSchema,
    merged,
    fromFile ? path.basename(config) : 'the batch configuration',
  );
  const { $schema: _schema, name, description, entryScript, sourceDirectory, inferenceConfig, models, inputs, output, sideInputs, computeTarget, kubernetes: cluster, partitionKeys: _none, ...rest } = settled; // prettier-ignore
  if (name === undefined) throw missing('it has no name: give --name, or "name" in the batch configuration');
  if (models === undefined)
    throw missing('it names no model: give --model NAME, or "models" in the batch configuration');
  if (computeTarget !== undefined) requireShared({ cluster, inputs: inputs ?? [], output, sideInputs });
  if (inputs === undefined) throw missing('it has no input: give --input PATH, or "inputs" in the batch configuration');
  const job = checkDocument(
    BatchJobSchema,
    { ...rest, schemaVersion: 1, name, inputs, output: output ?? defaultOutput(name), sideInputs: sideInputs ?? {}, arguments: rest.arguments ?? [] }, // prettier-ignore
    'the batch job',
  );
  const base =
    inferenceConfig === undefined
      ? {}
      : await readDocument(InferenceConfigSchema, inferenceConfig, 'the inference configuration');
  // an online script takes requests, not mini-batches
  const { entryScript: _online, sourceDirectory: _source, warmUp: _warmUp, ...inference } = base;
  return {
    job,
    description,
    models,
    computeTarget,
    cluster,
    inference: {
      ...inference,
      ...(entryScript === undefined ? {} : { entryScript, sourceDirectory: sourceDirectory ?? directory }),
    },
    inferenceDirectory: inferenceConfig === undefined ? directory : path.dirname(inferenceConfig),
  };
}

/** Paths of a configuration start from its folder. */
function placed(config: Partial<BatchConfig>, directory: string): Partial<BatchConfig> {
  const place = (text: string) => (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : path.resolve(directory, text));
  const paths = PATHS.flatMap((key) => (typeof config[key] === 'string' ? [[key, place(config[key])]] : []));
  return {
    ...config,
    ...(Object.fromEntries(paths) as Partial<BatchConfig>),
    ...(Array.isArray(config.inputs) ? { inputs: config.inputs.map((text) => (typeof text === 'string' ? place(text) : text)) } : {}), // prettier-ignore
    ...(config.sideInputs === undefined
      ? {}
      : {
          sideInputs: Object.fromEntries(Object.entries(config.sideInputs).map(([name, text]) => [name, place(text)])),
        }),
  };
}

/** Pods read and write what all of them reach: addresses of Blob storage, or below the folder of their volume. */
function requireShared({ cluster, inputs, output, sideInputs = {} }: SharedPlaces): void {
  if (cluster === undefined) throw missing('it is for a cluster: "kubernetes" of the batch configuration must say the "place" that its pods share'); // prettier-ignore
  if (output === undefined) throw missing('it is for a cluster, and its pods write the output: give --output-to, or "output" in the batch configuration'); // prettier-ignore
  const mount = cluster.volumeClaim?.mountPath.replace(/\/$/, '');
  const places = { output, 'kubernetes.place': cluster.place, ...Object.fromEntries(inputs.map((text, i) => [`inputs[${i}]`, text])), ...sideInputs }; // prettier-ignore
  for (const [key, text] of Object.entries(places)) {
    const isReached = text.includes('://') || (mount !== undefined && (text === mount || text.startsWith(`${mount}/`)));
    if (!isReached) throw missing(`"${key}" is ${text}, which the pods of the cluster do not reach: give an address of Azure Blob Storage, or a folder below kubernetes.volumeClaim.mountPath`); // prettier-ignore
  }
}

interface SharedPlaces {
  readonly cluster: BatchClusterSettings | undefined;
  readonly inputs: readonly string[];
  readonly output: string | undefined;
  readonly sideInputs: Readonly<Record<string, string>> | undefined;
}

function missing(reason: string): WorkspaceError {
  return new WorkspaceError('BatchIncomplete', `cannot submit the batch job: ${reason}`);
}
