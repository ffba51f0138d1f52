import Type from 'typebox';
import type { Static } from 'typebox';
import type { EngineSettings } from './engine-settings.ts';

/** What is made best among the ways that keep to the bounds. */
export const tuningObjectives = ['throughput', 'latency', 'memory', 'energy'] as const;

/** The payload of the direct method `tune`. */
export const TuningRequestSchema = Type.Object(
  {
    budgetSeconds: Type.Optional(
      Type.Integer({ minimum: 5, maximum: 1800, description: 'how long it may take, roughly; default 60' }),
    ),
    maxP99Ms: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'what 99 of 100 requests may take' })),
    maxMemoryMb: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'of the engine, without the module' })),
    concurrency: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1024,
        description: 'requests at once; default: as many as edgeHub or the journal give',
      }),
    ),
    ratePerSecond: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'in place of concurrency' })),
    objective: Type.Optional(Type.Enum([...tuningObjectives])),
    samples: Type.Optional(
      Type.Array(Type.Unknown(), {
        minItems: 1,
        maxItems: 100,
        description: 'bodies of messages; default: the warmUp of the image, else made by chance',
      }),
    ),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
    whileScoring: Type.Optional(
      Type.Boolean({
        description: 'true: messages go on meanwhile, and tuning gets what they leave; default false: messages wait',
      }),
    ),
  },
  { additionalProperties: false },
);

export type TuningRequest = Static<typeof TuningRequestSchema>;

const FiguresSchema = Type.Object({
  throughput: Type.Number(),
  p99Ms: Type.Number(),
  rssMb: Type.Number(),
  joulesPerRequest: Type.Optional(Type.Number()),
});

/** A value in a report, or null, which takes it out of the twin. */
const OrNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

/** What stands under `tuning` in the reported properties. */
export const ReportedTuningSchema = Type.Object({
  id: Type.String(),
  state: Type.Enum(['draining', 'measuring', 'done', 'failed']),
  startedAt: Type.String({ description: 'ISO 8601' }),
  endedAt: OrNull(Type.String()),
  /** Why the best is the best, why it failed, or how far it is. */
  reason: OrNull(Type.String()),
  isDefault: OrNull(Type.Boolean()),
  /** What is to stand under `engine` in the desired properties, as JSON: an object of the twin would be merged with the one before. */
  engine: OrNull(Type.String()),
  gain: OrNull(Type.Number()),
  best: OrNull(FiguresSchema),
  default: OrNull(FiguresSchema),
});

export type ReportedTuning = Static<typeof ReportedTuningSchema>;

/** What tuning gives a host: what it tells the twin, and the whole of it for who asks. */
export interface TuningFound {
  /** Undefined when nothing keeps to the bounds; null when nothing is to be set. */
  readonly engine: EngineSettings | null | undefined;
  readonly isDefault: boolean;
  readonly reason: string;
  readonly gain: number | null;
  readonly best: Static<typeof FiguresSchema> | null;
  readonly default: Static<typeof FiguresSchema> | null;
  /** The report of `edgewright tune`, serialisable as JSON, of at most 100 KB. */
  readonly report: unknown;
}
