import Type from 'typebox';
import type { Static } from 'typebox';

// What `model profile` finds out, and `model deploy --pi` takes. The keys of the whole are Azure ML's; `points` is edgewright's own.

const Figure = (description: string) => Type.Optional(Type.Number({ description }));

/** What became of one pair of limits. */
export const profileOutcomes = [
  'fits',
  'too slow',
  'requests failed',
  'out of memory',
  'not started',
  'not measured',
] as const;

/** One pair of limits. */
export const ProfilePointSchema = Type.Object({
  cpu: Type.Number({ description: 'cores' }),
  memoryInGB: Type.Number(),
  outcome: Type.Enum([...profileOutcomes]),
  reason: Type.Optional(Type.String({ description: 'why it does not fit, or was not measured' })),
  startMs: Figure('from the start of the container until it was warm'),
  queries: Figure('requests that were measured'),
  failedQueries: Figure('those that were not answered with 2xx'),
  averageMs: Figure('latency of a request'),
  p50Ms: Figure('median latency'),
  p90Ms: Figure('latency of the 90th percentile'),
  p95Ms: Figure('latency of the 95th percentile'),
  p99Ms: Figure('latency of the 99th percentile'),
  queriesPerSecond: Figure('requests that were answered in a second'),
  usedCpu: Figure('cores that it took on average'),
  usedMemoryInGB: Figure('the most memory that was seen'),
  throttled: Figure('the share of time slices in which it wanted more processor time than its limit, 0 to 1'),
});

/** The result of a profile. */
export const ModelProfileSchema = Type.Object(
  {
    name: Type.String(),
    models: Type.Array(Type.String()),
    createdTime: Type.String({ description: 'ISO 8601' }),
    state: Type.Enum(['Succeeded', 'Failed']),
    error: Type.Optional(Type.String({ description: 'why there is no recommendation' })),
    maxLatencyMs: Type.Number({ description: 'the target: the 95th percentile may take so long' }),
    maxErrorRate: Type.Number({ description: 'the target: this share of requests may fail' }),
    recommendedCpu: Figure('the least cores that meet the targets'),
    recommendedMemoryInGB: Figure('the least memory that meets the targets at these cores'),
    recommendationLatencyInMs: Figure('the 95th percentile at the recommended limits'),
    requestedCpu: Figure('the most cores that were tried'),
    requestedMemoryInGB: Figure('the most memory that was tried'),
    maxUtilizedCpu: Figure('the most cores that were used'),
    maxUtilizedMemory: Figure('the most memory that was used, in GB'),
    totalQueries: Figure('at the recommended limits, as all below'),
    successQueries: Figure('requests answered with 2xx'),
    successRate: Figure('per cent'),
    averageLatencyInMs: Figure('average'),
    latencyPercentile50InMs: Figure('50th percentile'),
    latencyPercentile90InMs: Figure('90th percentile'),
    latencyPercentile95InMs: Figure('95th percentile'),
    latencyPercentile99InMs: Figure('99th percentile'),
    measuredQueriesPerSecond: Figure('requests answered in a second'),
    points: Type.Array(ProfilePointSchema),
  },
  { $id: 'https://edgewright.dev/schemas/model-profile.json', title: 'what model profile found out' },
);

export type ProfileOutcome = (typeof profileOutcomes)[number];
export type ProfilePoint = Static<typeof ProfilePointSchema>;
export type ModelProfile = Static<typeof ModelProfileSchema>;
