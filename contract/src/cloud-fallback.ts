import Type from 'typebox';

/** When and where messages are scored in the cloud instead, or once more. */
export const FallbackSchema = Type.Object(
  {
    url: Type.String({
      pattern: '^https?://[^\\s]+$',
      maxLength: 2048,
      description: "an endpoint of edgewright or Azure ML: its scoring URL. The key is the device's, never here",
    }),
    on: Type.Optional(
      Type.Array(Type.Enum(['error', 'timeout', 'queueFull']), {
        uniqueItems: true,
        description: 'failures of the edge for which the cloud is asked; default all three',
      }),
    ),
    confidence: Type.Optional(
      Type.Object(
        {
          below: Type.Number({ description: 'the cloud is asked as well when the confidence is under this' }),
          pointer: Type.String({
            pattern: '^(/[^/]*)*$',
            maxLength: 256,
            description:
              'JSON Pointer to the confidence in the result: a number, or numbers of which the largest counts',
          }),
        },
        { additionalProperties: false },
      ),
    ),
    timeoutMs: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 120_000, description: 'for one request; default 10000' }),
    ),
    maxPerHour: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100_000, description: 'requests in any hour; default 1000' }),
    ),
    maxWaiting: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100_000, description: 'messages that wait for the cloud; default 1000' }),
    ),
    maxAgeSeconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 604_800, description: 'how long a message waits at most; default 3600' }),
    ),
  },
  { additionalProperties: false, description: 'scoring in the cloud where the edge does not do' },
);

/** How the fallback does. */
export const ReportedFallbackSchema = Type.Object({
  circuit: Type.Enum(['closed', 'open', 'halfOpen']),
  waiting: Type.Integer(),
  parked: Type.Integer(),
  scored: Type.Integer(),
  failed: Type.Integer(),
  refused: Type.Integer(),
  budgetLeft: Type.Integer(),
  lastError: Type.Union([Type.String(), Type.Null()]),
});
