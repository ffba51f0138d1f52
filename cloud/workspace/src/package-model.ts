import { isEdgewrightError } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import type { DockerContext, ImageSummary, PushedImage, RegistryOptions } from '@edgewright/packager';
import { resolveConfig } from './resolve-config.ts';
import type { BuildImageInput, WorkspaceImages } from './workspace-images.ts';
import type { RegisterInput, WorkspaceModels } from './workspace-models.ts';

/** From a model file, or registered models, to an image in a registry. */
export interface PackageModelInput extends Omit<BuildImageInput, 'models'> {
  /** Registered models, `NAME` or `NAME:VERSION`. */
  readonly models?: readonly string[];
  /** A model that is registered first. */
  readonly register?: RegisterInput;
  /** `REGISTRY/REPOSITORY:TAG`; without it the image stays in the workspace. */
  readonly push?: string;
  readonly pushRegistry?: RegistryOptions;
  /** Write a Docker context into this folder. */
  readonly contextDirectory?: string;
}

/** One step, and how long it took. */
export interface PackageStage {
  readonly name: 'register' | 'build' | 'push' | 'context';
  /** What it made: a model's id, a digest, a folder. */
  readonly result: string;
  readonly milliseconds: number;
}

export interface PackagedImage {
  readonly image: ImageSummary;
  readonly stages: readonly PackageStage[];
  readonly pushed?: PushedImage;
  readonly context?: DockerContext;
}

interface PackageParts {
  readonly models: WorkspaceModels;
  readonly images: WorkspaceImages;
  readonly imagesFolder: string;
  readonly events: EventSink;
}

/** Registers when that is asked for, builds, and pushes; see `Workspace.packageModel`. */
export async function packageModel(input: PackageModelInput, parts: PackageParts): Promise<PackagedImage> {
  const { register, models = [], push, pushRegistry: registry, contextDirectory, ...build } = input;
  const log = new StageLog(parts.events);
  const registered =
    register === undefined
      ? []
      : [
          await log.run(
            'register',
            () => parts.models.register(register),
            ({ id }) => id,
          ),
        ];
  const references = [...registered.map(({ id }) => id), ...models];
  const image = await log.run(
    'build',
    () => parts.images.build({ ...build, models: references }),
    ({ reference, digest }) => `${reference} ${digest}`,
  );
  const context =
    contextDirectory === undefined
      ? {}
      : {
          context: await log.run(
            'context',
            () => writeContext(input, parts, { image, contextDirectory }),
            ({ directory }) => directory,
          ),
        };
  if (push === undefined) return { image, stages: log.stages, ...context };
  const signal = build.signal === undefined ? {} : { signal: build.signal };
  const how = registry === undefined ? signal : { registry, ...signal };
  const pushed = await log.run(
    'push',
    () => parts.images.push({ image: image.reference, target: push, ...how }),
    ({ reference, uploadedBytes }) => `${reference}, ${uploadedBytes} bytes sent`,
  );
  return { image, stages: log.stages, pushed, ...context };
}

/** Runs stages and tells each with its time, also one that fails. */
class StageLog {
  readonly stages: PackageStage[] = [];
  readonly #events: EventSink;

  constructor(events: EventSink) {
    this.#events = events;
  }

  async run<Result>(
    name: PackageStage['name'],
    action: () => Promise<Result>,
    resultOf: (result: Result) => string,
  ): Promise<Result> {
    const started = performance.now();
    const secondsSince = (): string => ((performance.now() - started) / 1000).toFixed(1);
    try {
      const result = await action();
      const done = { name, result: resultOf(result), milliseconds: Math.round(performance.now() - started) };
      this.stages.push(done);
      const text = `${name}: ${done.result}, ${secondsSince()} s`;
      this.#events({ stage: `package.${name}`, state: 'done', text, data: { ...done } });
      return result;
    } catch (error) {
      const reason = isEdgewrightError(error) ? error.code : 'unforeseen';
      this.#events({
        stage: `package.${name}`,
        state: 'failed',
        text: `${name}: ${reason}, after ${secondsSince()} s`,
      });
      throw error;
    }
  }
}

async function writeContext(
  input: PackageModelInput,
  { imagesFolder }: PackageParts,
  { image, contextDirectory }: { readonly image: ImageSummary; readonly contextDirectory: string },
): Promise<DockerContext> {
  const { writeDockerContext } = await import('@edgewright/packager');
  const { config, configDirectory } = await resolveConfig(input);
  const { extraDockerfileSteps } = config;
  return await writeDockerContext({
    layoutDirectory: imagesFolder,
    image: image.reference,
    baseImage: config.baseImage ?? 'scratch',
    directory: contextDirectory,
    configDirectory,
    ...(extraDockerfileSteps === undefined ? {} : { extraDockerfileSteps }),
  });
}
