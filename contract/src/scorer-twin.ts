import Type from 'typebox';
import type { Static, TSchema } from 'typebox';
import { EngineSettingsSchema } from './engine-settings.ts';
import { DriftReportSchema } from './drift/drift-report.ts';
import { DriftSettingsSchema } from './drift/drift-settings.ts';
import { FallbackSchema, ReportedFallbackSchema } from './cloud-fallback.ts';
import { CollectionSchema, ReportedCollectionSchema } from './collection/collection-settings.ts';
import { MAX_MESSAGE_BYTES } from './messages.ts';
import { ReportedTuningSchema } from './tuning.ts';
import {
  ModelGateSchema,
  ModelSourceSchema,
  ReportedShadowSchema,
  ReportedUpdateSchema,
  ShadowSchema,
} from './model-delivery.ts';

/** When the scorer acknowledges a message to edgeHub; docs/edge-module.md says what each survives. */
export const acknowledgementPolicies = ['after-output', 'after-journal', 'on-receive'] as const;

export type AcknowledgementPolicy = (typeof acknowledgementPolicies)[number];

/** What messages in the journal survive: the end of the process, or a loss of power as well. */
export const journalDurabilities = ['process-crash', 'power-loss'] as const;

export type JournalDurability = (typeof journalDurabilities)[number];

export const scorerLogLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/** What a name of an input or output may be: what can stand in a route. */
const EndpointName = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: '1 to 64 letters, digits, "_" or "-"',
});

const OutputsSchema = Type.Object(
  {
    outputs: Type.Optional(
      Type.Array(EndpointName, { minItems: 1, maxItems: 16, uniqueItems: true, description: 'where results go' }),
    ),
    error: Type.Optional(EndpointName),
  },
  { additionalProperties: false },
);

/**
 * Desired properties of the scorer's module twin. Every one is optional and takes effect while the module runs. A document
 * with a mistake is refused whole; the former settings stay in force and the reason stands in the reported properties.
 */
export const ScorerDesiredSchema = Type.Object(
  {
    mapping: Type.Optional(
      Type.Object(
        {
          outputs: Type.Optional(
            Type.Array(EndpointName, {
              minItems: 1,
              maxItems: 16,
              uniqueItems: true,
              description: 'where results go; default ["amlOutput"]',
            }),
          ),
          error: Type.Optional(EndpointName),
          inputs: Type.Optional(
            Type.Record(EndpointName, OutputsSchema, { description: 'what is different for one input, by its name' }),
          ),
        },
        {
          additionalProperties: false,
          description: 'which output takes the results of which input, and which the errors (default amlError)',
        },
      ),
    ),
    acknowledgement: Type.Optional(
      Type.Enum([...acknowledgementPolicies], {
        description: 'when a message is acknowledged to edgeHub; default after-output, which loses nothing',
      }),
    ),
    journal: Type.Optional(
      Type.Object(
        {
          durability: Type.Optional(
            Type.Enum([...journalDurabilities], {
              description:
                'what an acknowledged message survives; default power-loss, which writes to the disk itself each time',
            }),
          ),
          maxMessages: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'messages in the journal; default 10000' }),
          ),
          maxBytes: Type.Optional(
            Type.Integer({
              minimum: MAX_MESSAGE_BYTES,
              maximum: 17_179_869_184,
              description: 'bytes in the journal, roughly; default 67108864',
            }),
          ),
          concurrency: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 1000,
              description: 'messages that are scored at the same time; default 32',
            }),
          ),
        },
        {
          additionalProperties: false,
          description: 'bounds of the journal of after-journal; a full one holds edgeHub back',
        },
      ),
    ),
    limits: Type.Optional(
      Type.Object(
        {
          timeoutMs: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 600_000,
              description:
                'milliseconds for scoring one message; default 20000, below the 30 s after which edgeHub sends again',
            }),
          ),
          maxAttempts: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 100,
              description: "how often a message is tried when the machine fails, not the message's fault; default 3",
            }),
          ),
          bodyBytes: Type.Optional(
            Type.Integer({ minimum: 1, maximum: MAX_MESSAGE_BYTES, description: 'bytes in one body; default 262144' }),
          ),
          concurrency: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 1000,
              description: 'messages that are scored at the same time; default 100 (edgeHub sends one at a time)',
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    model: Type.Optional(
      Type.Object(ModelSourceSchema.properties, {
        additionalProperties: false,
        description: "the model to score with; without it the image's own",
      }),
    ),
    modelGate: Type.Optional(ModelGateSchema),
    engine: Type.Optional(EngineSettingsSchema),
    shadow: Type.Optional(ShadowSchema),
    collection: Type.Optional(
      Type.Object(CollectionSchema.properties, {
        additionalProperties: false,
        description: 'inputs and predictions that are kept; default as the module was started',
      }),
    ),
    fallback: Type.Optional(FallbackSchema),
    drift: Type.Optional(DriftSettingsSchema),
    reportIntervalSeconds: Type.Optional(
      Type.Integer({
        minimum: 5,
        maximum: 86_400,
        description: 'seconds between reports of counters; default 60. Each one is a message of the IoT Hub quota',
      }),
    ),
    logLevel: Type.Optional(Type.Enum([...scorerLogLevels], { description: 'default info' })),
  },
  {
    additionalProperties: false,
    $id: 'https://edgewright.dev/schemas/scorer-desired.json',
    title: "desired properties of the scorer's module twin",
  },
);

export type ScorerDesired = Static<typeof ScorerDesiredSchema>;

/** Null takes a property out of a twin: it stands in a report, and never in the twin. */
const clearable = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));

/** Reported properties of the scorer's module twin. */
export const ScorerReportedSchema = Type.Object(
  {
    schemaVersion: Type.Literal('1.0'),
    /** `paused` after the method `prepareUpdate`. */
    state: Type.Enum(['starting', 'running', 'paused', 'stopped']),
    startedAt: Type.String({ description: 'ISO 8601' }),
    /** True when no message is held, or when paused none is worked on: the moment to update the module. */
    isIdle: Type.Boolean(),
    model: Type.Object({
      name: Type.String(),
      version: Type.String(),
      sha256: Type.Optional(Type.String()),
    }),
    backend: Type.Object({ name: Type.String(), reason: Type.String() }),
    execution: Type.Object({
      mode: Type.String(),
      workers: Type.Integer(),
      threads: Type.Integer(),
      reason: Type.String(),
    }),
    settings: Type.Object({
      status: Type.Enum(['applied', 'refused']),
      /** The `$version` of the desired properties that this is about. */
      desiredVersion: Type.Integer(),
      /** Why they were refused. */
      reason: clearable(Type.String()),
    }),
    counters: Type.Record(Type.String(), Type.Integer()),
    /** Of the last messages: from taking one to having its output confirmed, in milliseconds. */
    latencyMs: clearable(
      Type.Object({ p50: Type.Number(), p99: Type.Number(), max: Type.Number(), messages: Type.Integer() }),
    ),
    /** Absent before a model was asked for. */
    update: clearable(ReportedUpdateSchema),
    shadow: clearable(ReportedShadowSchema),
    fallback: clearable(ReportedFallbackSchema),
    /** Absent before the method `tune` was called. */
    tuning: clearable(ReportedTuningSchema),
    /** Absent where the model has no baseline. */
    drift: clearable(DriftReportSchema),
    collection: clearable(ReportedCollectionSchema),
    lastError: clearable(Type.Object({ code: Type.String(), message: Type.String(), at: Type.String() })),
  },
  {
    $id: 'https://edgewright.dev/schemas/scorer-reported.json',
    title: "reported properties of the scorer's module twin",
  },
);

export type ScorerReported = Static<typeof ScorerReportedSchema>;
