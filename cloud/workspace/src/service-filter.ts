import type { ServiceSpec } from '@edgewright/deployers';

/** Which services `list` gives. */
export interface ServiceFilter {
  readonly computeType?: string | undefined;
  /** Services with this model, `NAME` or `NAME:VERSION`. */
  readonly model?: string | undefined;
}

/** Whether a service is one of those. */
export function fits(spec: ServiceSpec, { computeType, model }: ServiceFilter): boolean {
  if (computeType !== undefined && spec.settings.computeType.toLowerCase() !== computeType.toLowerCase()) return false;
  return model === undefined || spec.models.some((id) => id === model || id.startsWith(`${model}:`));
}
