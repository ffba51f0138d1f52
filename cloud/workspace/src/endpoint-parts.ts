import type { EndpointRecord, EndpointRouter, Target } from '@edgewright/deployers';

/** An endpoint with those of its versions that may get traffic. */
export function readyPart(record: EndpointRecord): EndpointRecord {
  return { ...record, versions: record.versions.filter(({ isReady }) => isReady) };
}

/**
 * The part of a target that divides traffic.
 *
 * @throws DeployersError `DeploymentConfigInvalid` where there is none
 */
export async function requireEndpoints({ endpoints, computeType }: Target): Promise<EndpointRouter> {
  if (endpoints !== undefined) return endpoints;
  const { DeployersError } = await import('@edgewright/deployers');
  throw new DeployersError(
    'DeploymentConfigInvalid',
    `endpoints with versions are for aks, and the configuration is for ${computeType}: take \`model deploy\` there, which updates a service without a lost request`,
    { details: { computeType } },
  );
}
