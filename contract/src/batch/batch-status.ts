import Type from 'typebox';
import type { Static } from 'typebox';

/** Azure ML's states of a run that a batch job can be in. The last four are final, but `resume` goes on from them. */
export const batchStates = [
  'NotStarted',
  'Preparing',
  'Running',
  'Finalizing',
  'CancelRequested',
  'Completed',
  'Failed',
  'Canceled',
  'Interrupted',
] as const;

export type BatchState = (typeof batchStates)[number];

const FINAL: readonly BatchState[] = ['Completed', 'Failed', 'Canceled', 'Interrupted'];

/** True when nothing goes on any more. */
export function isFinalBatchState(state: BatchState): boolean {
  return FINAL.includes(state);
}

const Count = (description: string) => Type.Integer({ minimum: 0, description });

const FailureSchema = Type.Object(
  {
    message: Type.String({ description: 'why' }),
    item: Type.Optional(Type.String({ description: 'file, or file and row' })),
    miniBatch: Type.Optional(Type.Integer()),
    log: Type.Optional(Type.Array(Type.String(), { description: 'what its worker wrote last' })),
  },
  { additionalProperties: false },
);

export type BatchFailure = Static<typeof FailureSchema>;

/** `nodes/<i>/status.json`: how far one node is with its share of a job. Written by that node alone. */
export const BatchStatusSchema = Type.Object(
  {
    schemaVersion: Type.Literal(1),
    state: Type.Enum([...batchStates]),
    /** The node's index and how many there are. */
    shard: Type.Object({ index: Count('from 0'), count: Type.Integer({ minimum: 1 }) }),
    node: Type.String(),
    /** Of the process that runs the node, on its machine. */
    processId: Type.Optional(Type.Integer()),
    /** Undefined until the job is planned. */
    total: Type.Optional(Type.Object({ items: Count('of this node'), miniBatches: Count('of this node') })),
    succeededItems: Count('items with a result'),
    failedItems: Count('items with a reason why not'),
    doneMiniBatches: Count('mini-batches that are finished, whatever came of them'),
    failedMiniBatches: Count('of these, those without a single result'),
    /** Mini-batches that a former run had finished. */
    reusedMiniBatches: Count('not run again'),
    /** Items a second, of this run. */
    itemsPerSecond: Type.Number(),
    workers: Count('processes'),
    workersReplaced: Count('ended and started anew'),
    /** The first thing that went wrong: why the job failed, or why its first item did. */
    firstFailure: Type.Optional(FailureSchema),
    /** Why the node ended in the state that it ended in, unless all went well. */
    reason: Type.Optional(Type.String()),
    startedTime: Type.String(),
    updatedTime: Type.String(),
    endedTime: Type.Optional(Type.String()),
  },
  {
    additionalProperties: false,
    $id: 'https://edgewright.dev/schemas/batch-status.json',
    title: 'the state of a batch',
  },
);

export type BatchStatus = Static<typeof BatchStatusSchema>;

/** What was merged: `result.json`. */
export interface BatchResult {
  readonly schemaVersion: 1;
  readonly state: 'Completed' | 'Failed';
  readonly reason?: string;
  /** Of the whole job. */
  readonly items: number;
  readonly succeededItems: number;
  readonly failedItems: number;
  readonly miniBatches: number;
  readonly failedMiniBatches: number;
  /** Names in the output. */
  readonly files: readonly { readonly name: string; readonly rows: number; readonly sizeBytes: number }[];
  readonly mergedTime: string;
}
