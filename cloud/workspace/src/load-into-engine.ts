import { resolveConfig } from './resolve-config.ts';
import { thisProcess } from './this-process.ts';
import { WorkspaceError } from './workspace-error.ts';
import type { WorkspaceImages } from './workspace-images.ts';

/** An image that this machine's Docker Engine is to run. */
export interface EngineImageInput {
  /** `NAME:VERSION` of each. */
  readonly models: readonly string[];
  readonly inferenceConfig?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds an image for this machine alone and gives it to the Docker Engine. The workspace does not keep it.
 *
 * @throws PackagerError
 */
export async function loadIntoEngine(
  { models, inferenceConfig, signal }: EngineImageInput,
  { images, tag }: { readonly images: WorkspaceImages; readonly tag: string },
): Promise<void> {
  const { platform } = thisProcess();
  const abort = signal === undefined ? {} : { signal };
  await images.build({
    models,
    tag,
    attest: false,
    ...(inferenceConfig === undefined ? {} : { inferenceConfig }),
    ...(platform === undefined ? {} : { overrides: { platforms: [platform] } }),
    ...abort,
  });
  try {
    await images.export({ image: tag, target: 'docker-daemon:', ...abort });
  } finally {
    await images.delete(tag);
  }
}

/**
 * Makes sure that an image for a Docker Engine can be built from an inference configuration.
 *
 * @throws WorkspaceError `BaseImageMissing`
 */
export async function requireBaseImage(inferenceConfig: string | undefined): Promise<void> {
  const { config } = await resolveConfig(inferenceConfig === undefined ? {} : { inferenceConfig });
  if (config.baseImage === undefined || config.baseImage === 'scratch') {
    const where =
      inferenceConfig === undefined ? 'there is no inference configuration' : `${inferenceConfig} names none`;
    throw new WorkspaceError(
      'BaseImageMissing',
      `cannot run the models as a container: the image needs a baseImage with a C library, and ${where}`,
      { details: { inferenceConfig: inferenceConfig ?? null } },
    );
  }
}
