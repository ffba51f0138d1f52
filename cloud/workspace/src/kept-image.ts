import { isOwnImage } from '@edgewright/deployers';
import type { ServiceRecord } from '@edgewright/deployers';
import type { DeployInput } from './deploy-input.ts';

/** An image is made again only when something in it changes. */
export function keptImage(
  { spec }: ServiceRecord,
  { models, inferenceConfig }: Partial<DeployInput>,
): string | undefined {
  const isBuiltHere = spec.settings.computeType === 'local' && (!spec.settings.container || isOwnImage(spec.artifact));
  const changes = models !== undefined || inferenceConfig !== undefined || isBuiltHere;
  return changes ? undefined : spec.artifact;
}
