import { createHash } from 'node:crypto';
import { ociMediaTypes, OciImageConfigSchema, OciManifestSchema } from '@edgewright/contract';
import type { OciDescriptor, OciImageConfig, OciManifest } from '@edgewright/contract';
import type { ImageLayout } from './layout/image-layout.ts';
import type { StoredManifest } from './registry/manifests.ts';

/**
 * An index for an image of one platform, which is what a layout lists. The platform is what the image's configuration says.
 *
 * @param manifest of the image, which must be in the layout with its configuration
 * @throws PackagerError `ImageInvalid`
 */
export async function indexOfOne(layout: ImageLayout, manifest: OciDescriptor): Promise<StoredManifest> {
  const { config } = (await layout.read(manifest, OciManifestSchema)) as OciManifest;
  const { os, architecture, variant } = (await layout.read(config, OciImageConfigSchema)) as OciImageConfig;
  const platform = { os, architecture, ...(variant !== undefined && { variant }) };
  const index = { schemaVersion: 2, mediaType: ociMediaTypes.index, manifests: [{ ...manifest, platform }] };
  const bytes = Buffer.from(JSON.stringify(index));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { descriptor: { mediaType: ociMediaTypes.index, digest, size: bytes.length }, bytes };
}
