import { parseImageReference } from '../image-reference.ts';

/** A base image in a registry. */
export interface BaseReference {
  readonly registry: string;
  readonly repository: string;
  /** A tag, or a digest `sha256:…`. */
  readonly version: string;
}

const DOCKER_HUB = 'docker.io';

/**
 * Reads `[REGISTRY/]REPOSITORY[:TAG][@sha256:…]` as Docker does: without a registry Docker Hub is meant, and there
 * `library/` where the name has one part. With a digest the tag says nothing.
 *
 * @param address the registry that is meant when the name has none (`baseImageRegistry.address`)
 * @throws PackagerError `ImageInputInvalid`
 */
export function parseBaseReference(text: string, address?: string): BaseReference {
  const [name = '', digest] = text.split(/@(?=sha256:[0-9a-f]{64}$)/);
  const { registry = address ?? DOCKER_HUB, repository, tag } = parseImageReference(name);
  const isOfficial = registry === DOCKER_HUB && !repository.includes('/');
  return { registry, repository: isOfficial ? `library/${repository}` : repository, version: digest ?? tag };
}
