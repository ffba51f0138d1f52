import Type from 'typebox';
import type { Static } from 'typebox';
import { BackendChoiceSchema } from './backend-choice.ts';
import { ExecutionProvidersSchema } from './execution-provider.ts';
import { PlatformSchema } from './platform.ts';
import { scoringSettings } from './scoring-settings.ts';

/**
 * `inferenceconfig.json` (or `.yml`): how a model becomes a scoring image. The keys up to `baseImage` are Azure ML's, the others
 * edgewright's own.
 */
export const InferenceConfigSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'the JSON Schema of this file, for editors' })),
    entryScript: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'the entry script (.ts, .js or .mjs), relative to sourceDirectory; without one the model is served as it is',
      }),
    ),
    sourceDirectory: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'the folder that holds the entry script and what it imports, relative to this file; default: the folder of this file',
      }),
    ),
    runtime: Type.Optional(Type.Literal('node', { description: 'the language runtime; only node' })),
    dependencies: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'a package.json with its package-lock.json beside it, relative to this file: its packages are installed for each platform instead of being bundled',
      }),
    ),
    condaFile: Type.Optional(
      Type.Unsafe<never>({
        not: {},
        description:
          'no conda file, which lists packages of Python: entry scripts run on Node.js; name a package.json in "dependencies"',
      }),
    ),
    extraDockerfileSteps: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'a file with steps of a Dockerfile (RUN, COPY, ENV …), relative to this file, which a Docker Engine runs on the base image',
      }),
    ),
    enableGpu: Type.Optional(
      Type.Boolean({ description: 'score on an NVIDIA GPU: the execution provider cuda, on amd64' }),
    ),
    cudaVersion: Type.Optional(
      Type.String({
        pattern: String.raw`^\d+(\.\d+)*$`,
        description: 'the CUDA of the base image, `12.8`; only with enableGpu',
      }),
    ),
    description: Type.Optional(Type.String({ description: 'a text for people, kept in the image' })),
    baseImage: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          '`scratch` (default); an image in a registry, `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`; an OCI image layout, `oci:PATH[:TAG]`; an archive of docker save, `docker-archive:PATH[:TAG]`',
      }),
    ),
    baseImageRegistry: Type.Optional(
      Type.Object(
        {
          address: Type.Optional(
            Type.String({ minLength: 1, description: 'the registry of baseImage, when its name has none' }),
          ),
          username: Type.Optional(
            Type.String({ minLength: 1, description: 'may be `${NAME}`, a variable of the environment' }),
          ),
          password: Type.Optional(
            Type.String({
              minLength: 1,
              description: 'best `${NAME}`, a variable of the environment: the file is no place for it',
            }),
          ),
        },
        {
          additionalProperties: false,
          description: 'where baseImage is and who may read it; without it, as Docker is logged in',
        },
      ),
    ),
    nodeRuntime: Type.Optional(
      Type.Enum(['base', 'bundled'], {
        description:
          'where Node.js comes from: `base` (the base image has it, default) or `bundled` (a layer of its own)',
      }),
    ),
    backend: Type.Optional(BackendChoiceSchema),
    executionProviders: Type.Optional(ExecutionProvidersSchema),
    ...scoringSettings,
    warmUp: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'a JSON file with a list of requests, relative to this file: each is scored before the service is ready',
      }),
    ),
    compression: Type.Optional(
      Type.Enum(['gzip', 'zstd'], {
        description: 'of layers other than models; default gzip, which every engine reads; zstd needs Docker 23',
      }),
    ),
    platforms: Type.Optional(
      Type.Array(PlatformSchema, {
        minItems: 1,
        uniqueItems: true,
        description: 'the platforms of the image; default all three',
      }),
    ),
  },
  {
    additionalProperties: false,
    $id: 'https://edgewright.dev/schemas/inferenceconfig.json',
    title: 'inferenceconfig.json',
  },
);

export type InferenceConfig = Static<typeof InferenceConfigSchema>;
