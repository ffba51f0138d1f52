import Type from 'typebox';
import type { Static } from 'typebox';

const Seconds = (description: string) => Type.Integer({ minimum: 0, maximum: 31_536_000, description });
const Name = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,47}$',
  description: '1 to 48 of a-z, 0-9 and -, a letter first',
});
const Bounds = {
  name: Type.String({ minLength: 1, maxLength: 100 }),
  minimum: Type.Optional(Type.Number()),
  maximum: Type.Optional(Type.Number()),
};

/** A time with its zone, so that it means the same wherever the controller runs. */
const Time = Type.String({
  pattern: String.raw`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$`,
  description: 'a time in ISO 8601 with its zone, such as 2026-12-24T00:00Z',
});
const closed = { additionalProperties: false } as const;

/** The forms of a gate by the member that tells them apart. */
export const rolloutGateForms = {
  share: Type.Object(
    {
      ...Bounds,
      share: Type.String({ description: "the share of devices whose module's twin fulfils this condition" }),
    },
    closed,
  ),
  value: Type.Object(
    {
      ...Bounds,
      value: Type.String({ description: 'a reported number by its path, such as latencyMs.p99' }),
      aggregate: Type.Enum(['mean', 'minimum', 'maximum', 'p95'], { description: 'over the devices of the ring' }),
    },
    closed,
  ),
  ratio: Type.Object(
    {
      ...Bounds,
      ratio: Type.Tuple([Type.String(), Type.String()], {
        description:
          'two reported counters by their paths, summed over the ring since it began: the first by the second',
      }),
    },
    closed,
  ),
  metric: Type.Object(
    {
      ...Bounds,
      metric: Type.String({ description: "a metric of the ring's deployment, such as reportedFailedCount" }),
    },
    closed,
  ),
};

/** What must hold of the devices of a ring while it is watched. */
export const RolloutGateSchema = Type.Union([
  rolloutGateForms.share,
  rolloutGateForms.value,
  rolloutGateForms.ratio,
  rolloutGateForms.metric,
]);

export type RolloutGate = Static<typeof RolloutGateSchema>;

export const RolloutRingSchema = Type.Object(
  {
    name: Name,
    condition: Type.Optional(
      Type.String({ description: 'devices by their twins; default: all that no earlier ring has' }),
    ),
    percent: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'so many of them, always the same' })),
    count: Type.Optional(Type.Integer({ minimum: 1, description: 'so many of them, always the same' })),
    waitSeconds: Seconds('how long the ring is watched before the next begins'),
    approval: Type.Optional(Type.Boolean({ description: 'wait for `rollout approve` before the ring begins' })),
  },
  { additionalProperties: false },
);

export type RolloutRing = Static<typeof RolloutRingSchema>;

/** A time of the week in which rings may begin; times are UTC. */
export const RolloutWindowSchema = Type.Object(
  {
    days: Type.Array(Type.Enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']), { minItems: 1 }),
    from: Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' }),
    to: Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', description: 'earlier than from: on the next day' }),
  },
  { additionalProperties: false },
);

export type RolloutWindow = Static<typeof RolloutWindowSchema>;

/** A rollout: what is to reach which devices, in which order, and what must hold on the way. */
export const RolloutFileSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'the JSON Schema of this file, for editors' })),
    name: Name,
    content: Type.String({ description: 'the file of the layer, relative to this file' }),
    priority: Type.Integer({ minimum: 1, description: 'of the deployments; larger than that of the base' }),
    fleet: Type.Optional(Type.String({ description: 'devices by their twins; default: all edge devices' })),
    module: Type.String({ description: 'the module whose reports are read' }),
    ready: Type.Optional(
      Type.String({ description: "a condition on the module's twin that tells that a device has the change" }),
    ),
    rings: Type.Array(RolloutRingSchema, { minItems: 1, maxItems: 20 }),
    gates: Type.Optional(Type.Array(RolloutGateSchema, { maxItems: 50 })),
    minimumReady: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'the share of a ring that must have the change; default 0.95',
      }),
    ),
    readyWithinSeconds: Type.Optional(Seconds('how long that may take, default 900; then the rollout is rolled back')),
    pollSeconds: Type.Optional(
      Type.Number({ minimum: 0.05, maximum: 3600, description: 'between two looks, default 10' }),
    ),
    windows: Type.Optional(Type.Array(RolloutWindowSchema, { maxItems: 50 })),
    freeze: Type.Optional(
      Type.Array(Type.Object({ from: Time, to: Time }, { additionalProperties: false }), {
        maxItems: 50,
        description: 'times, ISO 8601, in which no ring begins',
      }),
    ),
    removeAfter: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: 50,
        description: 'older deployments to be deleted when all rings have passed',
      }),
    ),
  },
  { additionalProperties: false, $id: 'https://edgewright.dev/schemas/rollout.json', title: 'edgewright rollout' },
);

export type RolloutFile = Static<typeof RolloutFileSchema>;
