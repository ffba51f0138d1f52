import Type from 'typebox';
import type { Static } from 'typebox';

const StoredModelSchema = Type.Object({
  name: Type.String(),
  version: Type.Integer({ minimum: 0 }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});

const BaselineSchema = Type.Object({
  /** Share of messages that failed. */
  errorRate: Type.Number(),
  /** Median milliseconds in the model; absent when there were too few messages. */
  medianMs: Type.Optional(Type.Number()),
});

/** What the folder of fetched models remembers over restarts: `update.json`. */
export const UpdateRecordSchema = Type.Object({
  schemaVersion: Type.Literal(1),
  /** What scores; null for the image's own model. */
  active: Type.Union([StoredModelSchema, Type.Null()]),
  /** What a rollback goes back to; absent when there is nothing. */
  previous: Type.Optional(Type.Union([StoredModelSchema, Type.Null()])),
  /** The active model is new and watched; `starts` counts processes that began with it meanwhile. */
  watch: Type.Optional(Type.Object({ starts: Type.Integer(), baseline: BaselineSchema })),
  /** A model that is being loaded, and how often that was begun. */
  attempt: Type.Optional(Type.Object({ model: StoredModelSchema, count: Type.Integer() })),
  /** The last model that was not taken or not kept: it is not tried again by itself. */
  verdict: Type.Optional(
    Type.Object({
      model: StoredModelSchema,
      state: Type.Enum(['rejected', 'rolledBack']),
      reason: Type.String(),
      at: Type.String(),
    }),
  ),
});

export type UpdateRecord = Static<typeof UpdateRecordSchema>;

/** A model file in the folder of fetched models. */
export type StoredModel = Static<typeof StoredModelSchema>;

/** How the model before did, for comparison. */
export type ModelBaseline = Static<typeof BaselineSchema>;

export const emptyRecord: UpdateRecord = { schemaVersion: 1, active: null };

export function isSameModel(one: StoredModel | null | undefined, other: StoredModel | null | undefined): boolean {
  if (one == null || other == null) return one === other;
  return one.name === other.name && one.version === other.version && one.sha256 === other.sha256;
}

export function modelText({ name, version }: StoredModel): string {
  return `${name}:${version}`;
}

/** What a text for people calls a model. */
export function nameOf(model: StoredModel | null): string {
  return model === null ? "the image's own" : modelText(model);
}
