import type { EndpointObservation, EndpointRecord, Observation, ServiceState } from '@edgewright/deployers';
import { serviceView } from './service-view.ts';
import type { Service } from './service-view.ts';

/** A version of an endpoint as Azure ML describes one. */
export interface EndpointVersionView extends Pick<
  Service,
  'state' | 'stage' | 'models' | 'revision' | 'servingRevision' | 'replicas' | 'description' | 'error' | 'createdTime' | 'updatedTime'
> {
  readonly name: string;
  /** The name of the service that runs it. */
  readonly service: string;
  readonly isDefault: boolean;
  /** What it gets: of the default version, what the others leave. */
  readonly trafficPercentile: number;
  readonly versionType: 'Control' | 'Treatment';
} // prettier-ignore

/** An endpoint as Azure ML describes one. */
export interface Endpoint {
  readonly name: string;
  readonly computeType: 'local' | 'ACI' | 'aks';
  readonly computeTarget: string | null;
  /** Healthy when all versions with traffic are. */
  readonly state: ServiceState;
  readonly stage: string;
  /** Where to POST; null until it is known. */
  readonly scoringUri: string | null;
  readonly swaggerUri: string | null;
  readonly authEnabled: boolean;
  readonly tokenAuthEnabled: boolean;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
  readonly versions: readonly EndpointVersionView[];
  readonly createdTime: string;
  readonly updatedTime: string;
}

/** What can be seen of an endpoint and its versions. */
export interface EndpointSeen {
  readonly address: EndpointObservation;
  /** By the name of the version. */
  readonly versions: ReadonlyMap<string, Observation | undefined>;
  /** Per cent, by the name of the version. */
  readonly shares: ReadonlyMap<string, number>;
}

/** Puts together what is known of an endpoint and what can be seen of it. */
export function endpointView(record: EndpointRecord, { address, versions, shares }: EndpointSeen): Endpoint {
  const { settings } = record;
  const views = record.versions.map((version): EndpointVersionView => {
    const seen = serviceView(version, versions.get(version.name));
    return {
      name: version.name,
      service: seen.name,
      isDefault: version.isDefault,
      trafficPercentile: shares.get(version.name) ?? 0,
      versionType: version.isControl ? 'Control' : 'Treatment',
      state: seen.state,
      stage: seen.stage,
      models: seen.models,
      revision: seen.revision,
      servingRevision: seen.servingRevision,
      replicas: seen.replicas,
      description: seen.description,
      error: seen.error,
      createdTime: seen.createdTime,
      updatedTime: seen.updatedTime,
    };
  });
  const url = address.url ?? null;
  return {
    name: record.name,
    computeType: settings.computeType,
    computeTarget: record.computeTarget ?? null,
    ...stateOf(views, address),
    scoringUri: url === null ? null : `${url}/score`,
    swaggerUri: url === null ? null : `${url}/swagger.json`,
    authEnabled: settings.authEnabled,
    tokenAuthEnabled: settings.tokenAuthEnabled,
    description: settings.description ?? null,
    tags: settings.kvTags,
    properties: settings.properties,
    versions: views,
    createdTime: record.createdTime,
    updatedTime: record.updatedTime,
  };
}

function stateOf(
  versions: readonly EndpointVersionView[],
  { failure, waiting }: EndpointObservation,
): { state: ServiceState; stage: string } {
  if (failure !== undefined) return { state: 'Unhealthy', stage: failure.message };
  const used = versions.filter(({ trafficPercentile }) => trafficPercentile > 0);
  const ill = used.find(({ state }) => state !== 'Healthy');
  if (ill !== undefined) return { state: ill.state, stage: `the version ${ill.name}: ${ill.stage}` };
  if (waiting !== undefined) return { state: 'Transitioning', stage: waiting };
  return used.length === 0
    ? { state: 'Transitioning', stage: 'no version is ready' }
    : { state: 'Healthy', stage: 'serving' };
}
