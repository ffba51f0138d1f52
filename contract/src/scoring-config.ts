import Type from 'typebox';
import type { Static } from 'typebox';
import { BackendChoiceSchema } from './backend-choice.ts';
import { ExecutionProvidersSchema } from './execution-provider.ts';
import { modelFormats } from './model-format.ts';
import { MODEL_NAME_PATTERN } from './model.ts';
import { scoringSettings } from './scoring-settings.ts';
import { ModelSignatureSchema } from './tensor.ts';

/** Where things stand inside an image; Azure ML's folders (`AML_APP_ROOT`, `AZUREML_MODEL_DIR`). */
export const imagePaths = {
  appRoot: '/var/azureml-app',
  /** Relative to the app root: the scoring configuration. */
  scoringConfig: 'edgewright.json',
  /** Relative to the app root: the scorer's program. */
  main: 'scorer/main.mjs',
  /** Relative to the app root: one folder per model name, with one per version below. */
  models: 'azureml-models',
} as const;

/** `edgewright.json` in the app root of an image: what the scorer serves. Paths are relative to the app root. */
export const ScoringConfigSchema = Type.Object(
  {
    schemaVersion: Type.Literal(1),
    models: Type.Array(
      Type.Object({
        name: Type.String({ pattern: MODEL_NAME_PATTERN }),
        version: Type.Integer({ minimum: 0 }),
        /** The model's folder, `azureml-models/<name>/<version>`. */
        directory: Type.String(),
        /** The model file inside that folder. */
        file: Type.String(),
        format: Type.Enum([...modelFormats]),
        sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
        signature: Type.Optional(ModelSignatureSchema),
      }),
      { minItems: 1 },
    ),
    /** The bundled entry script; absent when the model is served as it is. */
    entryScript: Type.Optional(Type.String()),
    backend: BackendChoiceSchema,
    executionProviders: Type.Optional(ExecutionProvidersSchema),
    ...scoringSettings,
    /** Requests that are scored before the scorer is ready. */
    warmUp: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 1000 })),
    description: Type.Optional(Type.String()),
  },
  { additionalProperties: false, $id: 'https://edgewright.dev/schemas/scoring-config.json', title: 'edgewright.json' },
);

export type ScoringConfig = Static<typeof ScoringConfigSchema>;
