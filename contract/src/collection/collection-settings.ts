import Type from 'typebox';
import type { Static } from 'typebox';
import { collectionDesignations, collectionFormats } from './collected-row.ts';

const closed = { additionalProperties: false } as const;

const Name = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }));

/** What may become of a field: it is left out, its value is replaced by `***`, or by a keyed hash of it. */
export const redactions = ['drop', 'mask', 'hash'] as const;

export type Redaction = (typeof redactions)[number];

/** Which requests are kept. Given together, a request is kept when the model was not sure, or when rate and then reservoir chose it. */
export const SamplingSchema = Type.Object(
  {
    rate: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'the share of requests that is kept, chosen by the request id; default 1',
      }),
    ),
    reservoir: Type.Optional(
      Type.Object(
        {
          size: Type.Integer({ minimum: 1, maximum: 100_000, description: 'requests of one window, at most' }),
          windowSeconds: Type.Integer({ minimum: 1, maximum: 86_400, description: 'seconds of one window' }),
        },
        { ...closed, description: 'of each window so many requests, each with the same chance' },
      ),
    ),
    confidence: Type.Optional(
      Type.Object(
        {
          below: Type.Number({ description: 'a request is always kept when the confidence is under this' }),
          pointer: Type.String({
            pattern: '^(/[^/]*)*$',
            maxLength: 256,
            description:
              'JSON Pointer to the confidence in the result: a number, or numbers of which the largest counts',
          }),
        },
        closed,
      ),
    ),
  },
  { ...closed, description: 'which requests are kept; default all' },
);

/** Azure ML's `collectModelData` in its long form: what is kept of requests and predictions, and where it goes. */
export const CollectionSchema = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ description: 'default true' })),
    format: Type.Optional(Type.Enum([...collectionFormats], { description: 'default csv' })),
    designations: Type.Optional(
      Type.Array(Type.Enum([...collectionDesignations]), {
        minItems: 1,
        uniqueItems: true,
        description: 'what is kept; default inputs and predictions',
      }),
    ),
    folder: Name('a folder of the machine that rows are kept in; not together with container'),
    container: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s?]+$',
        maxLength: 1024,
        description:
          "the address of a container of Azure Blob Storage, without its key or SAS, which are the host's own secret",
      }),
    ),
    subscription: Name('the first folder of the path; default local'),
    resourceGroup: Name('the second folder of the path; default local'),
    workspace: Name('the third folder of the path; default the IoT Hub, or local'),
    service: Name("the fourth folder of the path; default the service's name, on a device <device>.<module>"),
    featureNames: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        minItems: 1,
        maxItems: 10_000,
        description:
          'what the columns of an input without names are called; default the name of the input and a number',
      }),
    ),
    sampling: Type.Optional(SamplingSchema),
    redact: Type.Optional(
      Type.Array(
        Type.Object(
          {
            field: Type.String({
              pattern: '^[^.]+(\\.[^.]+)*$',
              maxLength: 256,
              description: 'a field by its name or by the end of its path with dots; * stands for any characters',
            }),
            action: Type.Enum([...redactions]),
            in: Type.Optional(Type.Enum([...collectionDesignations], { description: 'only there; default in both' })),
          },
          closed,
        ),
        { maxItems: 1000, description: 'fields that are not kept as they are' },
      ),
    ),
    maxElements: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description:
          'a tensor or list of more numbers in one row is kept as its shape, SHA-256 and statistics; default 256',
      }),
    ),
    buffer: Type.Optional(
      Type.Object(
        {
          maxBytes: Type.Optional(
            Type.Integer({
              minimum: 1_048_576,
              maximum: 1_099_511_627_776,
              description: 'bytes that wait on the disk, roughly; the oldest are dropped first; default 268435456',
            }),
          ),
          maxAgeSeconds: Type.Optional(
            Type.Integer({
              minimum: 60,
              maximum: 31_536_000,
              description: 'how long a row waits at most; default 604800, a week',
            }),
          ),
        },
        { ...closed, description: 'what waits on the disk until it can be sent' },
      ),
    ),
    uploadIntervalSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86_400,
        description: 'how long rows are gathered; default 60, for a folder 5',
      }),
    ),
    keep: Type.Optional(
      Type.Object(
        {
          maxBytes: Type.Optional(Type.Integer({ minimum: 1_048_576, description: 'default 10737418240' })),
          maxDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 36_500, description: 'default no limit' })),
        },
        { ...closed, description: 'what stays in a folder; whole days are removed, the oldest first' },
      ),
    ),
  },
  {
    ...closed,
    $id: 'https://edgewright.dev/schemas/collection.json',
    title: 'collectModelData in its long form',
  },
);

export type CollectionSettings = Static<typeof CollectionSchema>;

/** `collectModelData` of a deployment configuration: the same, and the files of this machine that hold the service's secrets. */
export const DeployedCollectionSchema = Type.Object(
  {
    ...CollectionSchema.properties,
    credentialFile: Name('a file with a connection string of the storage account, or a SAS of the container'),
    hashKeyFile: Name('a file with the key of hashes, 16 characters or more'),
  },
  { ...closed, description: 'whether and how inputs and predictions are kept' },
);

export type DeployedCollection = Static<typeof DeployedCollectionSchema>;

/** How a collector does. */
export const ReportedCollectionSchema = Type.Object({
  enabled: Type.Boolean(),
  /** Requests that were kept, since the start. */
  collected: Type.Integer(),
  /** Requests that sampling left out. */
  sampledOut: Type.Integer(),
  /** Requests that were lost, by all reasons together. */
  dropped: Type.Integer(),
  /** Requests that reached their destination. */
  uploaded: Type.Integer(),
  /** Bytes that wait on the disk. */
  bufferedBytes: Type.Integer(),
  /** Why the last upload failed; null when it did not. */
  lastError: Type.Union([Type.String(), Type.Null()]),
});

export type ReportedCollection = Static<typeof ReportedCollectionSchema>;
