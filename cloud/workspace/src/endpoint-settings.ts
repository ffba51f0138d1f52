import type { DeploymentSettings, EndpointRecord } from '@edgewright/deployers';

/** What all versions of an endpoint share: who may call, and how requests come in. */
const SHARED = ['computeType', 'namespace', 'exposure', 'ingress', 'authEnabled', 'tokenAuthEnabled', 'tokenIssuer', 'keys'] as const; // prettier-ignore

/** The keys of an endpoint that a version takes over. */
export function sharedSettings({ settings }: Pick<EndpointRecord, 'settings'>): Record<string, unknown> {
  const all = settings as unknown as Record<string, unknown>;
  return Object.fromEntries(SHARED.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])));
}

/**
 * Refuses settings of a version that contradict those of its endpoint.
 *
 * @throws DeployersError `DeploymentConfigInvalid`
 */
export async function requireShared(settings: DeploymentSettings, endpoint: EndpointRecord): Promise<void> {
  const own = sharedSettings({ settings });
  const shared = sharedSettings(endpoint);
  const different = SHARED.find((key) => JSON.stringify(own[key]) !== JSON.stringify(shared[key]));
  if (different === undefined) return;
  const { DeployersError } = await import('@edgewright/deployers');
  throw new DeployersError(
    'DeploymentConfigInvalid',
    `the deployment configuration cannot be used: $.${different}: it is of the endpoint ${endpoint.name}, and all its versions share it; leave it out, or change it with \`endpoint realtime update\``,
    { details: { path: `$.${different}`, endpoint: endpoint.name } },
  );
}

/** The settings with which a version runs: only its endpoint is seen from outside. */
export function versionSettings(settings: DeploymentSettings): DeploymentSettings {
  if (settings.computeType !== 'aks') return settings;
  const { ingress: _, ...rest } = settings;
  return { ...rest, exposure: 'ClusterIP' };
}
