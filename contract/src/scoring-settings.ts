import Type from 'typebox';
import type { Static } from 'typebox';
import { PostprocessSchema, PreprocessSchema } from './image-processing.ts';

/** Requests that wait at the same time are scored in one run of the model. */
export const BatchingSchema = Type.Object(
  {
    maxSize: Type.Integer({ minimum: 1, maximum: 65_536, description: 'rows in one run, at most' }),
    maxDelayMs: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 10_000,
        description:
          'milliseconds that a request may wait for others; default 0: only those that wait anyway are joined',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'joins concurrent requests to one run, for models whose first dimension is free; default off',
  },
);

export type Batching = Static<typeof BatchingSchema>;

/** What inference and scoring configuration have in common: how requests are read, run and answered. */
export const scoringSettings = {
  batching: Type.Optional(BatchingSchema),
  preprocess: Type.Optional(PreprocessSchema),
  postprocess: Type.Optional(PostprocessSchema),
} as const;
