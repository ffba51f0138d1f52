import { imageAnnotations } from '@edgewright/contract';
import type { InferenceConfig, Model } from '@edgewright/contract';
import type { ImageDetails } from '../list-images.ts';

/** From what an image was built. */
export interface BuildFacts {
  readonly image: ImageDetails;
  readonly models: readonly Model[];
  readonly config: InferenceConfig;
}

const BUILD_TYPE = 'https://edgewright.dev/build/image/v1';
const BUILDER = 'https://edgewright.dev/builder/v1';

/**
 * How an image came to be: an in-toto statement (v1) with SLSA's provenance (v1). Without times and names of machines, so that
 * the same build makes the same statement.
 */
export function provenanceOf({ image, models, config }: BuildFacts): string {
  // who may read the base image is nobody's business
  const { baseImageRegistry: _, $schema: __, ...inferenceConfig } = config;
  const base = image.labels['org.opencontainers.image.base.digest'];
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: image.reference, digest: { sha256: image.digest.replace('sha256:', '') } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          models: models.map((model) => model.id),
          platforms: image.platforms.map(({ platform }) => platform),
          inferenceConfig,
        },
        resolvedDependencies: [
          ...(base === undefined
            ? []
            : [{ name: config.baseImage ?? 'base image', digest: { sha256: base.replace('sha256:', '') } }]),
          ...models.flatMap((model) =>
            model.files.map((file) => ({ name: `${model.id}/${file.path}`, digest: { sha256: file.sha256 } })),
          ),
        ],
      },
      runDetails: { builder: { id: BUILDER, version: { edgewright: image.labels[imageAnnotations.builder] ?? '' } } },
    },
  };
  return JSON.stringify(statement, undefined, 2);
}
