import type { DeploymentSettings, Observation, ServiceRecord, ServiceState } from '@edgewright/deployers';

/** A service as Azure ML describes one. */
export interface Service {
  readonly name: string;
  readonly computeType: 'local' | 'ACI' | 'aks';
  readonly state: ServiceState;
  /** What it is about, in a few words. */
  readonly stage: string;
  /** Where to POST; null until it is known. */
  readonly scoringUri: string | null;
  readonly swaggerUri: string | null;
  readonly authEnabled: boolean;
  readonly tokenAuthEnabled: boolean;
  readonly models: readonly string[];
  /** The newest revision that was asked for. */
  readonly revision: number;
  /** The revision that answers; null when none does. */
  readonly servingRevision: number | null;
  readonly replicas: { readonly desired: number; readonly ready: number } | null;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
  /** The deployment configuration with every default, without keys. */
  readonly deploymentConfig: Omit<DeploymentSettings, 'keys'>;
  readonly createdTime: string;
  readonly updatedTime: string;
  readonly error: { readonly code: string; readonly message: string; readonly stage?: string } | null;
}

/** Puts together what is known of a service and what can be seen of it. */
export function serviceView(record: ServiceRecord, seen: Observation | undefined): Service {
  const { spec } = record;
  const { settings } = spec;
  const url = seen?.url ?? null;
  const failure = seen?.failure;
  return {
    name: spec.name,
    computeType: settings.computeType,
    state: seen?.state ?? 'Failed',
    stage: seen?.stage ?? 'not there any more',
    scoringUri: url === null ? null : `${url}/score`,
    swaggerUri: url === null ? null : `${url}/swagger.json`,
    authEnabled: settings.authEnabled,
    tokenAuthEnabled: settings.tokenAuthEnabled,
    models: spec.models,
    revision: spec.revision,
    servingRevision: seen?.revision ?? null,
    replicas: seen?.replicas ?? null,
    description: settings.description ?? null,
    tags: settings.kvTags,
    properties: settings.properties,
    deploymentConfig: withoutKeys(settings),
    createdTime: record.createdTime,
    updatedTime: record.updatedTime,
    error:
      failure === undefined
        ? (record.error ?? null)
        : { code: 'DeploymentFailed', message: failure.message, stage: failure.stage },
  };
}

function withoutKeys(settings: DeploymentSettings): Omit<DeploymentSettings, 'keys'> {
  const shown = { ...settings };
  delete shown.keys;
  return shown;
}
