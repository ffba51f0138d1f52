import Type from 'typebox';
import type { Static } from 'typebox';
import { driftMeasures } from './drift-alarm.ts';

/** Which side of a model a feature is on. */
export const driftSides = ['input', 'output'] as const;

export type DriftSide = (typeof driftSides)[number];

const Finding = {
  side: Type.Enum([...driftSides]),
  feature: Type.String(),
  measure: Type.Enum([...driftMeasures]),
  value: Type.Number(),
  limit: Type.Number(),
};

/** What an edge module says of drift in its twin: `drift` of the reported properties. Rollout gates read its numbers. */
export const DriftReportSchema = Type.Object({
  /** `collecting` before there are rows enough to compare. */
  state: Type.Enum(['collecting', 'steady', 'drifting']),
  /** `NAME:VERSION` of the model whose baseline it is. */
  model: Type.String(),
  rows: Type.Integer({ description: 'in the window' }),
  /** Features that drift. */
  drifting: Type.Integer(),
  /** The largest of all features. */
  psi: Type.Number(),
  ks: Type.Number(),
  missingRate: Type.Number({ description: 'over that of the baseline' }),
  outOfRangeRate: Type.Number(),
  /** What is furthest over its limit; null when nothing is. */
  worst: Type.Union([Type.Object(Finding), Type.Null()]),
  /** Requests whose rows were not looked at, because there were too many or they do not have the features of the baseline. */
  unread: Type.Integer(),
  /** When that began or ended, ISO 8601; null before it ever did. */
  since: Type.Union([Type.String(), Type.Null()]),
});

export type DriftReport = Static<typeof DriftReportSchema>;

/** The message of an edge module when drift begins or ends, on the output that the settings name. */
export const DriftEventSchema = Type.Object({
  schemaVersion: Type.Literal('1.0'),
  event: Type.Enum(['driftBegan', 'driftEnded']),
  model: Type.Object({ name: Type.String(), version: Type.String() }),
  at: Type.String({ description: 'ISO 8601' }),
  rows: Type.Integer({ description: 'in the window' }),
  findings: Type.Array(Type.Object(Finding), { minItems: 1, maxItems: 100 }),
});

export type DriftEvent = Static<typeof DriftEventSchema>;
