import { parseImageReference } from '../image-reference.ts';
import { requireRegistry } from '../push-image.ts';
import { digestOfTag } from './manifests.ts';
import { RegistryClient } from './registry-client.ts';
import type { RegistryOptions } from './registry-client.ts';

/**
 * The digest that an image's tag has in its registry now.
 *
 * @param reference `REGISTRY/REPOSITORY[:TAG]`
 * @returns undefined where the registry has no such image
 * @throws PackagerError `ImageInputInvalid`, `RegistryRefused`, `RegistryFailed`
 */
export async function imageDigest(
  reference: string,
  options: { readonly registry?: RegistryOptions; readonly signal?: AbortSignal } = {},
): Promise<string | undefined> {
  const target = requireRegistry(parseImageReference(reference));
  using client = await RegistryClient.open(target, options.registry ?? {});
  return await digestOfTag(client, target.tag, options.signal);
}
