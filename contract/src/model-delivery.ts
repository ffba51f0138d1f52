import Type from 'typebox';
import { MODEL_NAME_PATTERN } from './model.ts';

/** The largest model that a module fetches, in bytes. */
const MAX_MODEL_BYTES = 17_179_869_184;

/** Where a model file is to be fetched from, and how it is recognised. */
export const ModelSourceSchema = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: MODEL_NAME_PATTERN,
        description: "the model of the image that this one replaces; default the image's first",
      }),
    ),
    version: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    url: Type.String({
      pattern: '^(https?|file|oci|oci\\+http)://[^\\s]+$',
      maxLength: 4096,
      description:
        'of one ONNX file: https, http, file; for Blob Storage with its SAS; oci://HOST/REPOSITORY:TAG or @sha256:DIGEST for a container registry',
    }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'of the file' }),
    sizeBytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_MODEL_BYTES,
        description: 'of the file; without it one of up to 2147483648 bytes is taken',
      }),
    ),
    signature: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9+/]+={0,2}$',
        maxLength: 1024,
        description:
          "in Base64, Ed25519 or ECDSA P-256 with SHA-256 (DER), over the 32 bytes of the file's SHA-256; asked for when the device has a public key",
      }),
    ),
    baseline: Type.Optional(
      Type.Object(
        {
          url: Type.Optional(
            Type.String({
              pattern: '^(https?|file|oci|oci\\+http)://[^\\s]+$',
              maxLength: 4096,
              description: "default: the model's, where that is a container registry",
            }),
          ),
          sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
        },
        {
          additionalProperties: false,
          description: "the model's edgewright-baseline.json, which live data are compared with; default none",
        },
      ),
    ),
    warmUp: Type.Optional(
      Type.Array(Type.Unknown(), {
        maxItems: 16,
        description: 'bodies that the model must be able to score before it takes over',
      }),
    ),
  },
  { additionalProperties: false },
);

/** What a new model must keep to, compared with the one before, or it is rolled back. */
export const ModelGateSchema = Type.Object(
  {
    windowSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 604_800,
        description: 'how long a new model is watched; default 300. The one before is kept longer than that',
      }),
    ),
    minimumMessages: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1000, description: 'before this many nothing is judged; default 20' }),
    ),
    maxErrorRate: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'share of messages that the model may fail on, over the share of the one before; default 0.05',
      }),
    ),
    maxLatencyRatio: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 1000,
        description: 'median time in the model, in terms of the one before; default 3. A millisecond is always allowed',
      }),
    ),
  },
  { additionalProperties: false, description: 'when a new model is rolled back' },
);

/** A model that scores the same messages without output. */
export const ShadowSchema = Type.Object(
  {
    ...ModelSourceSchema.properties,
    share: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'of the messages that it is to score; default 1' }),
    ),
    tolerance: Type.Optional(
      Type.Number({
        minimum: 0,
        description: 'by how much numbers may differ, relative above 1; default 0.0001',
      }),
    ),
  },
  { additionalProperties: false, description: 'a candidate that scores the same messages, and sends nothing' },
);

/** How a shadow model does, compared with the one in force. */
export const ReportedShadowSchema = Type.Object({
  name: Type.String(),
  version: Type.String(),
  sha256: Type.String(),
  state: Type.Enum(['fetching', 'loading', 'scoring', 'failed']),
  reason: Type.Union([Type.String(), Type.Null()]),
  agreed: Type.Integer(),
  disagreed: Type.Integer(),
  failed: Type.Integer(),
  /** Messages that came while it was busy. */
  skipped: Type.Integer(),
  /** Share of the messages that both scored. */
  agreement: Type.Union([Type.Number(), Type.Null()]),
  /** Medians of the time in the model, of the last thousand messages that both scored. */
  latencyMs: Type.Union([Type.Object({ active: Type.Number(), shadow: Type.Number() }), Type.Null()]),
});

/** The stages of a model on its way to scoring, and its possible ends. */
export const updateStates = ['downloading', 'verifying', 'warming', 'active', 'rejected', 'rolledBack'] as const;

/** What became of the model that the desired properties name. */
export const ReportedUpdateSchema = Type.Object({
  state: Type.Enum([...updateStates]),
  name: Type.String(),
  version: Type.String(),
  sha256: Type.String(),
  /** Why it was rejected or rolled back, or why the download waits. */
  reason: Type.Union([Type.String(), Type.Null()]),
  /** True while an active model is watched. */
  isWatched: Type.Boolean(),
  bytesDone: Type.Integer(),
  /** Unknown until the server has said it. */
  bytesTotal: Type.Union([Type.Integer(), Type.Null()]),
  /** What a rollback would go back to; null when that is the image's own model. */
  previousVersion: Type.Union([Type.String(), Type.Null()]),
  since: Type.String({ description: 'ISO 8601' }),
});
