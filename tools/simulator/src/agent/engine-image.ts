import type Docker from 'dockerode';
import { messageOf } from '@edgewright/contract';
import type { OciPlatform } from '@edgewright/contract';
import { findImageIfThere } from './find-image.ts';
import { unusable } from './image-layout.ts';
import type { LocatedImage } from './image-layout.ts';
import type { ImageSources } from './image-sources.ts';
import { followed, loadImage } from './load-image.ts';
import type { ModuleSpec } from './module-spec.ts';

/** An image as a Docker Engine has it. */
export interface EngineImage {
  /** By which containers are made. */
  readonly id: string;
  /** What the agent reports. */
  readonly digest: string;
}

export interface EngineImageOptions {
  readonly docker: Docker;
  readonly images: ImageSources;
  readonly platform: OciPlatform;
  readonly temporaryDirectory: string;
  readonly signal: AbortSignal;
}

/**
 * Gets a module's image into a Docker Engine: from an OCI layout of this machine, else from its registry, else what the
 * engine has already. With `imagePullPolicy` `never` no registry is asked.
 *
 * @throws SimulatorError `ModuleImageUnusable`
 */
export async function engineImage(spec: ModuleSpec, options: EngineImageOptions): Promise<EngineImage> {
  const { docker, images, platform } = options;
  const located = await findImageIfThere(spec.image, images, platform);
  if (located !== undefined) return await fromLayout(located, options);
  const pullProblem = spec.imagePullPolicy === 'never' ? 'its imagePullPolicy is "never"' : await pull(spec, options);
  try {
    const { Id, RepoDigests } = await docker.getImage(spec.image).inspect();
    return { id: Id, digest: RepoDigests?.[0]?.split('@')[1] ?? Id };
  } catch (cause) {
    options.signal.throwIfAborted();
    const text = `"${spec.image}" is in no image layout (${images.layouts.join(', ') || 'none is known'}), not in the Docker Engine, and was not pulled: ${pullProblem ?? messageOf(cause)}`;
    throw unusable(text, { image: spec.image, layouts: images.layouts }, cause);
  }
}

async function fromLayout(located: LocatedImage, options: EngineImageOptions): Promise<EngineImage> {
  const { docker, temporaryDirectory, signal } = options;
  const id = located.configDigest;
  const isThere = await docker
    .getImage(id)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  const tag = `edgewright-simulator/${located.digest.slice(7, 31)}:latest`;
  if (!isThere) await loadImage(located, { docker, tag, temporaryDirectory, signal });
  return { id, digest: located.digest };
}

/** Why it could not be pulled; undefined when it was. */
async function pull(spec: ModuleSpec, { docker, platform, signal }: EngineImageOptions): Promise<string | undefined> {
  const { credentials } = spec;
  const hasTag = spec.image.includes('@') || spec.image.lastIndexOf(':') > spec.image.lastIndexOf('/');
  try {
    const progress = await docker.pull(hasTag ? spec.image : `${spec.image}:latest`, {
      platform: [platform.os, platform.architecture, platform.variant].filter((part) => part !== undefined).join('/'),
      abortSignal: signal,
      ...(credentials !== undefined && {
        authconfig: {
          username: credentials.username,
          password: credentials.password,
          serveraddress: credentials.address,
        },
      }),
    });
    await followed(docker, progress);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}
