import Type from 'typebox';
import type { Static } from 'typebox';

/** The file of a model that holds its baseline, beside the model's own files. */
export const BASELINE_FILE = 'edgewright-baseline.json';

/** Bounds of a baseline; they bound what a host keeps and reports. */
export const baselineLimits = {
  /** Features of inputs, and as many of outputs. */
  features: 256,
  /** Bins of a number, without the one above the largest value. */
  bins: 64,
  /** Values of a category that are told apart; the rest counts as other. */
  categories: 100,
  categoryCharacters: 200,
  fileBytes: 4 * 1024 * 1024,
} as const;

/** What of a tensor that has more elements in a row than features are kept stands for all of them. */
export const baselineSummaries = ['mean', 'deviation', 'minimum', 'maximum', 'class', 'confidence'] as const;

export type BaselineSummary = (typeof baselineSummaries)[number];

const Count = Type.Integer({ minimum: 0 });

const common = {
  /** A column of the training data, or what edgewright calls it: `pixels[12]`, `scores.class`. */
  name: Type.String({ minLength: 1, maxLength: baselineLimits.categoryCharacters }),
  /** The input or output of the model that it is taken from; absent where only an entry script knows. */
  tensor: Type.Optional(Type.String({ minLength: 1 })),
  /** Which element of a row of the tensor, in row-major order. */
  element: Type.Optional(Count),
  /** What is taken of a row of the tensor instead of one element. `class` is the place of the largest, `confidence` the largest. */
  summary: Type.Optional(Type.Enum([...baselineSummaries])),
  /** Values that were there. */
  count: Count,
  /** Values that were not there: empty, null or no number. */
  missing: Count,
};

/** A feature that is a number. */
export const NumericBaselineSchema = Type.Object(
  {
    ...common,
    kind: Type.Literal('numeric'),
    minimum: Type.Number(),
    maximum: Type.Number(),
    mean: Type.Number(),
    /** Standard deviation of the population. */
    deviation: Type.Number({ minimum: 0 }),
    /** Ascending upper edges of bins: bin i holds what is above edge i-1 and at most edge i. The last edge is the maximum. */
    edges: Type.Array(Type.Number(), { minItems: 1, maxItems: baselineLimits.bins }),
    /** Values in each bin, as many as edges. */
    counts: Type.Array(Count, { minItems: 1, maxItems: baselineLimits.bins }),
  },
  { additionalProperties: false },
);

/** A feature that is one of some values: a text, a truth value, a class. */
export const CategoricalBaselineSchema = Type.Object(
  {
    ...common,
    kind: Type.Literal('categorical'),
    /** The most frequent first. */
    categories: Type.Array(
      Type.Object(
        { value: Type.String({ maxLength: baselineLimits.categoryCharacters }), count: Count },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: baselineLimits.categories },
    ),
    /** Values of categories beyond those. */
    other: Count,
  },
  { additionalProperties: false },
);

/** What one feature looked like in the training data. */
export const FeatureBaselineSchema = Type.Union([NumericBaselineSchema, CategoricalBaselineSchema]);

export type NumericBaseline = Static<typeof NumericBaselineSchema>;
export type CategoricalBaseline = Static<typeof CategoricalBaselineSchema>;
export type FeatureBaseline = Static<typeof FeatureBaselineSchema>;

/** Where the figures of a baseline come from. */
const SourceSchema = Type.Object(
  { file: Type.String(), sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }), rows: Count },
  { additionalProperties: false },
);

/** `edgewright-baseline.json`: what a model's inputs and outputs looked like when it was trained. */
export const DriftBaselineSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    schemaVersion: Type.Literal(1),
    source: SourceSchema,
    /** Absent where the model itself gave the outputs, or there are none. */
    outputsSource: Type.Optional(SourceSchema),
    inputs: Type.Array(FeatureBaselineSchema, { maxItems: baselineLimits.features }),
    outputs: Type.Array(FeatureBaselineSchema, { maxItems: baselineLimits.features }),
  },
  {
    additionalProperties: false,
    $id: 'https://edgewright.dev/schemas/drift-baseline.json',
    title: 'edgewright-baseline.json',
  },
);

export type DriftBaseline = Static<typeof DriftBaselineSchema>;

/** In short what a model's baseline holds; stands in the model's document. */
export const BaselineSummarySchema = Type.Object({
  /** The file of the training data, its digest, and how many rows it had. */
  source: SourceSchema,
  /** Features of inputs and outputs. */
  inputs: Count,
  outputs: Count,
});

export type BaselineDescription = Static<typeof BaselineSummarySchema>;

/** In short what a baseline holds. */
export function describeBaseline({ source, inputs, outputs }: DriftBaseline): BaselineDescription {
  return { source, inputs: inputs.length, outputs: outputs.length };
}
