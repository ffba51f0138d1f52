import { discardEvents } from '@edgewright/contract';
import type { EventSink, InferenceConfig, Model } from '@edgewright/contract';
import { findImage, showImage } from '../list-images.ts';
import { attachArtifact } from './attach-artifact.ts';
import { modelCardOf } from './model-card.ts';
import { packagesInImage } from './packages-in-image.ts';
import type { PackageInImage } from './packages-in-image.ts';
import { provenanceOf } from './provenance.ts';
import { sbomOf } from './sbom.ts';

/** What describes an image, by the media types that other tools know. */
export const artifactTypes = {
  sbom: 'application/vnd.cyclonedx+json',
  provenance: 'application/vnd.in-toto+json',
  modelCard: 'application/vnd.edgewright.model-card.v1+markdown',
  licenses: 'application/vnd.edgewright.licenses.v1+text',
} as const;

export interface AttestImageOptions {
  readonly layoutDirectory: string;
  /** `NAME[:TAG]` */
  readonly image: string;
  readonly models: readonly Model[];
  /** What the image was built from. */
  readonly config: InferenceConfig;
  readonly emit?: EventSink;
}

/**
 * Describes an image that was just built: an SBOM (CycloneDX), how it was built (SLSA), a card of each model, and the licences
 * of what is in it, each an OCI artifact that belongs to the image. The same image gets the same documents.
 *
 * @throws PackagerError `ImageNotFound`, `ImageInvalid`
 */
export async function attestImage(options: AttestImageOptions): Promise<void> {
  const { layoutDirectory, models, config } = options;
  const { layout, descriptor } = await findImage(layoutDirectory, options.image);
  const image = await showImage(layoutDirectory, options.image);
  const packages = await packagesInImage(layout, image.platforms);
  const documents: readonly (readonly [type: string, mediaType: string, ...texts: string[]])[] = [
    [artifactTypes.sbom, artifactTypes.sbom, sbomOf({ image, models, packages })],
    [artifactTypes.provenance, artifactTypes.provenance, provenanceOf({ image, models, config })],
    [artifactTypes.modelCard, 'text/markdown', ...models.map(modelCardOf)],
    [artifactTypes.licenses, 'text/plain', licensesOf(packages)],
  ];
  for (const [artifactType, mediaType, ...texts] of documents) {
    const contents = texts.map((text) => ({ mediaType, content: Buffer.from(text) }));
    await attachArtifact(layout, descriptor, { artifactType, documents: contents });
  }
  const emit = options.emit ?? discardEvents;
  const text = `Described ${image.reference}: ${packages.length} packages, ${models.length} ${models.length === 1 ? 'model' : 'models'}`;
  emit({ stage: 'image.attest', state: 'done', text, data: { digest: image.digest, packages: packages.length } });
}

/** One line a package. */
function licensesOf(packages: readonly PackageInImage[]): string {
  return packages.map(({ name, version, license }) => `${name} ${version}: ${license ?? 'not told'}\n`).join('');
}
