import { scorerLogLevels, TuningRequestSchema } from '@edgewright/contract';
import Type from 'typebox';
import type { TSchema } from 'typebox';

/** A method without a payload takes none, `null`, or an empty object, as callers send them. */
const Nothing = Type.Union([Type.Null(), Type.Object({}, { additionalProperties: false })]);

const optional = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

/** The payloads of the direct methods. */
export const methodSchemas = {
  ping: Nothing,
  status: Nothing,
  score: Type.Unknown(),
  reload: optional(
    Type.Object(
      { what: Type.Optional(Type.Enum(['current', 'desired'])) },
      { additionalProperties: false, description: 'the model in force, or the one that the desired properties name' },
    ),
  ),
  rollback: optional(
    Type.Object({ reason: Type.Optional(Type.String({ maxLength: 500 })) }, { additionalProperties: false }),
  ),
  setLogLevel: Type.Object({ level: Type.Enum([...scorerLogLevels]) }, { additionalProperties: false }),
  tune: optional(TuningRequestSchema),
  tuneResult: Nothing,
  prepareUpdate: optional(
    Type.Object(
      {
        holdSeconds: Type.Optional(
          Type.Integer({ minimum: 0, maximum: 86_400, description: '0 takes messages again at once' }),
        ),
        waitSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 240 })),
      },
      { additionalProperties: false },
    ),
  ),
};
