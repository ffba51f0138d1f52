import type { ServiceRecord } from '@edgewright/deployers';
import type { DeployInput } from './deploy-input.ts';

/** An image is made again only when something in it changes. */
export function keptImage(
  { spec }: ServiceRecord,
  { models, inferenceConfig }: Partial<DeployInput>,
): string | undefined {
  const changes = models !== undefined || inferenceConfig !== undefined || spec.settings.computeType === 'local';
  return changes ? undefined : spec.artifact;
}
