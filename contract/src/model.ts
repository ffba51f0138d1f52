import Type from 'typebox';
import type { Static } from 'typebox';
import { BaselineSummarySchema } from './drift/drift-baseline.ts';
import { ContractError } from './errors/contract-error.ts';
import { modelFormats } from './model-format.ts';
import { ModelSignatureSchema } from './tensor.ts';

/** What a model's name may be (Azure ML's rule). */
export const MODEL_NAME_PATTERN = '^[a-zA-Z0-9][a-zA-Z0-9\\-\\._]{0,254}$';
const MODEL_NAME_RULE = '1 to 255 letters, digits, "-", "." or "_", the first one a letter or digit';

/** The frameworks that a model may name, in Azure ML's spelling. */
export const modelFrameworks = ['Custom', 'TensorFlow', 'ScikitLearn', 'Onnx', 'PyTorch', 'Multi'] as const;

export const ModelFileSchema = Type.Object({
  /** Path inside the model, with `/`. */
  path: Type.String({ minLength: 1 }),
  sizeBytes: Type.Integer({ minimum: 0 }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});

export type ModelFile = Static<typeof ModelFileSchema>;

/** Processors, memory and graphics processors that a model wants. */
export const ResourceConfigurationSchema = Type.Object(
  {
    cpu: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'cores, also parts of one' })),
    memoryInGB: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    gpu: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);

/** A data set that a model refers to; Azure ML's keys. */
export const ModelDatasetSchema = Type.Object({
  /** What it was for: `training`, `validation`. */
  name: Type.String({ minLength: 1 }),
  id: Type.String({ minLength: 1 }),
});

export type ModelDataset = Static<typeof ModelDatasetSchema>;

/** A registered version of a model; Azure ML's keys where Azure ML has them. */
export const ModelSchema = Type.Object({
  id: Type.String(),
  name: Type.String({ pattern: MODEL_NAME_PATTERN, description: MODEL_NAME_RULE }),
  version: Type.Integer({ minimum: 1 }),
  createdTime: Type.String(),
  /** When tags, properties or description were last changed; absent when they never were. */
  modifiedTime: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  /** The run of an experiment that made the model, and the experiment; Azure ML's keys. */
  runId: Type.Optional(Type.String()),
  experimentName: Type.Optional(Type.String()),
  tags: Type.Record(Type.String(), Type.String()),
  properties: Type.Record(Type.String(), Type.String()),
  framework: Type.Enum([...modelFrameworks]),
  frameworkVersion: Type.Optional(Type.String()),
  /** What was found in the file; `other` is what edgewright does not read. */
  format: Type.Enum([...modelFormats]),
  /** What the model takes and gives, when the format says so. */
  signature: Type.Optional(ModelSignatureSchema),
  /** Operator set versions by domain, of an ONNX model. */
  opsets: Type.Optional(Type.Record(Type.String(), Type.Integer())),
  /** The operators that an ONNX model uses, sorted: `Gemm`, `com.microsoft.FusedMatMul`. */
  operators: Type.Optional(Type.Array(Type.String())),
  /** Of several files, the one that is loaded: `model.onnx`, else the only or first `.onnx` file, else the only file. */
  mainFile: Type.Optional(Type.String({ minLength: 1 })),
  sizeBytes: Type.Integer({ minimum: 0 }),
  files: Type.Array(ModelFileSchema, { minItems: 1 }),
  /** Of a model whose training data were described: what live data are compared with. */
  baseline: Type.Optional(BaselineSummarySchema),
  /** What a service of this model should get when its deployment does not say. */
  resourceConfiguration: Type.Optional(ResourceConfigurationSchema),
  /** Data sets that the model was made from or tried with: what each was for, and its id wherever data sets are kept. */
  datasets: Type.Optional(Type.Array(ModelDatasetSchema)),
  /** The data set with samples of what the model takes, and the one of what it gives. */
  sampleInputDatasetId: Type.Optional(Type.String()),
  sampleOutputDatasetId: Type.Optional(Type.String()),
});

export type Model = Static<typeof ModelSchema>;

/** A model by name, and by version when one is wanted; without it the latest is meant. */
export interface ModelReference {
  readonly name: string;
  readonly version?: number;
}

/**
 * Reads `name` or `name:version`.
 *
 * @throws ContractError `InvalidReference`
 */
export function parseModelReference(text: string): ModelReference {
  const [name = '', version, ...rest] = text.split(':');
  if (!new RegExp(MODEL_NAME_PATTERN).test(name) || rest.length > 0) {
    throw new ContractError(
      'InvalidReference',
      `"${text}" does not name a model: expected NAME or NAME:VERSION, where NAME is ${MODEL_NAME_RULE}`,
      { details: { reference: text } },
    );
  }
  if (version === undefined) return { name };
  if (!/^[1-9]\d{0,9}$/.test(version)) {
    throw new ContractError(
      'InvalidReference',
      `"${text}" does not name a model version: "${version}" is not a whole number from 1; expected NAME:VERSION such as ${name}:1`,
      { details: { reference: text } },
    );
  }
  return { name, version: Number(version) };
}
