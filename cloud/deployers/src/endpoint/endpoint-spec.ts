import type { DeploymentSettings } from '../config/complete-deployment-config.ts';
import { DeployersError } from '../deployers-error.ts';
import type { PlannedChange } from '../planned-change.ts';
import type { ServiceSpec } from '../service-spec.ts';
import type { StageFailure } from '../stage-failure.ts';
import type { TrafficVersion } from './traffic.ts';

/** One of the versions behind an endpoint: a service of its own that only the endpoint sends requests to. */
export interface EndpointVersion extends TrafficVersion {
  readonly spec: ServiceSpec;
}

/** An address behind which several versions of a service share the traffic. */
export interface EndpointSpec {
  readonly name: string;
  /** What all versions share: who may call, and how requests come in. */
  readonly settings: DeploymentSettings;
  readonly versions: readonly EndpointVersion[];
}

/** What can be seen of the address of an endpoint. */
export interface EndpointObservation {
  /** Without a `/` at the end; undefined until it is known. */
  readonly url: string | undefined;
  /** What is still missing, in a few words. */
  readonly waiting?: string;
  readonly failure?: StageFailure;
}

/** The part of a target that divides traffic; it changes no version. */
export interface EndpointRouter {
  /** Says what applying would do, and so also whether the target can divide the traffic in this way. */
  plan(endpoint: EndpointSpec): Promise<readonly PlannedChange[]>;
  apply(endpoint: EndpointSpec): Promise<void>;
  observe(endpoint: EndpointSpec): Promise<EndpointObservation>;
  /** Removes the address; the versions stay. */
  remove(endpoint: EndpointSpec): Promise<void>;
}

/**
 * A version of an endpoint.
 *
 * @param name default: the default version
 * @throws DeployersError `VersionNotFound`
 */
export function requireVersion<Version extends TrafficVersion>(
  endpoint: { readonly name: string; readonly versions: readonly Version[] },
  name?: string,
): Version {
  const found = endpoint.versions.find((version) => (name === undefined ? version.isDefault : version.name === name));
  if (found !== undefined) return found;
  const names = endpoint.versions.map((version) => version.name).join(', ');
  const message = `the endpoint ${endpoint.name} has no version "${name ?? 'that is the default'}"; it has ${names}`;
  throw new DeployersError('VersionNotFound', message, { details: { endpoint: endpoint.name, version: name ?? null } });
}

/**
 * Refuses the name of a version that is taken.
 *
 * @throws DeployersError `VersionExists`
 */
export function requireNewVersion(
  endpoint: { readonly name: string; readonly versions: readonly TrafficVersion[] },
  name: string,
): void {
  if (!endpoint.versions.some((version) => version.name === name)) return;
  const message = `the endpoint ${endpoint.name} has a version "${name}" already; give another --version-name, or take update-version`;
  throw new DeployersError('VersionExists', message, { details: { endpoint: endpoint.name, version: name } });
}

/** A label of DNS, which the name of a Kubernetes Service is. */
const LONGEST_NAME = 63;

/**
 * The name under which a version runs: `ENDPOINT-VERSION`.
 *
 * @throws DeployersError `ServiceNameInvalid`
 */
export function versionServiceName(endpoint: string, version: string): string {
  const name = `${endpoint}-${version}`;
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(version) && name.length <= LONGEST_NAME) return name;
  throw new DeployersError(
    'ServiceNameInvalid',
    `"${version}" cannot be a version of ${endpoint}: it needs a-z, 0-9 and - with no - at an end, and "${name}" may have ${LONGEST_NAME} characters`,
    { details: { endpoint, version } },
  );
}
