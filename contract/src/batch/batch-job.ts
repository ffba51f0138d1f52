import Type from 'typebox';
import type { Static } from 'typebox';
import { batchSettings } from './batch-config.ts';

/** Where the parts of a job stand, relative to its place: a folder, or a prefix of a container. */
export const batchPaths = {
  job: 'job.json',
  plan: 'plan.jsonl',
  /** A mini-batch is done when its part is there; one object each, so several machines can work on a job. */
  parts: 'parts/',
  failures: 'failures/',
  /** One folder a node. */
  nodes: 'nodes/',
  /** Its presence ends the job. */
  cancel: 'cancel',
  /** What the merge wrote last: all results are in their place. */
  result: 'result.json',
  logs: 'logs/',
} as const;

/** The file in the output with an item a line that failed, and why. */
export const FAILED_ITEMS_FILE = 'failed_items.jsonl';

/** `job.json`: a batch job with everything settled, as those who run it read it. */
export const BatchJobSchema = Type.Object(
  {
    schemaVersion: Type.Literal(1),
    name: Type.String({ minLength: 1 }),
    /** Absolute paths, or addresses of Azure Blob Storage. */
    inputs: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
    /** An absolute path, or an address of Azure Blob Storage. */
    output: Type.String({ minLength: 1 }),
    sideInputs: Type.Record(Type.String(), Type.String()),
    arguments: Type.Array(Type.String()),
    ...batchSettings,
  },
  { additionalProperties: false, $id: 'https://edgewright.dev/schemas/batch-job.json', title: 'job.json of a batch' },
);

export type BatchJob = Static<typeof BatchJobSchema>;
