import { DeployersError } from '../deployers-error.ts';

/** What decides how much of the traffic of an endpoint a version gets. */
export interface TrafficVersion {
  readonly name: string;
  /** Per cent, 0 to 100; of the default version it does not count: that one gets the rest. */
  readonly trafficPercentile: number;
  readonly isDefault: boolean;
  /** The version that the others are compared with. */
  readonly isControl: boolean;
}

/** What a version really gets. */
export interface TrafficShare {
  readonly version: string;
  /** All together 100. */
  readonly percent: number;
}

/** Azure's limit. */
const MOST_VERSIONS = 6;

/**
 * How the traffic of an endpoint is divided: each version gets its percentage, and the default version what is left.
 *
 * @throws DeployersError `TrafficInvalid`
 */
export function trafficShares(endpoint: string, versions: readonly TrafficVersion[]): TrafficShare[] {
  if (versions.length > MOST_VERSIONS) throw invalid(endpoint, `an endpoint has at most ${MOST_VERSIONS} versions`);
  const defaults = versions.filter(({ isDefault }) => isDefault);
  if (defaults.length !== 1) throw invalid(endpoint, `one version must be the default one, and there are ${defaults.length}`); // prettier-ignore
  const controls = versions.filter(({ isControl }) => isControl).map(({ name }) => name);
  if (controls.length > 1) throw invalid(endpoint, `only one version can be the control version, not ${controls.join(' and ')}`); // prettier-ignore
  const others = versions.filter(({ isDefault }) => !isDefault);
  const sum = others.reduce((total, { trafficPercentile }) => total + trafficPercentile, 0);
  if (sum > 100) {
    const asked = others.map(({ name, trafficPercentile }) => `${name} ${trafficPercentile}`).join(', ');
    throw invalid(
      endpoint,
      `the versions beside the default one ask for ${sum} per cent (${asked}), and there are 100`,
    );
  }
  return versions.map(({ name, isDefault, trafficPercentile }) => ({
    version: name,
    percent: isDefault ? 100 - sum : trafficPercentile,
  }));
}

/** The versions after one of them was made the default or the control version: those that were are not any more. */
export function withRoles<Version extends TrafficVersion>(versions: readonly Version[], changed: Version): Version[] {
  const others = versions.filter(({ name }) => name !== changed.name);
  const isKnown = others.length < versions.length;
  const next = others.map((version) => ({
    ...version,
    isDefault: version.isDefault && !changed.isDefault,
    isControl: version.isControl && !changed.isControl,
  }));
  if (!isKnown) return [...next, changed];
  return versions.map(({ name }) => next.find((version) => version.name === name) ?? changed);
}

function invalid(endpoint: string, reason: string): DeployersError {
  return new DeployersError(
    'TrafficInvalid',
    `the traffic of the endpoint ${endpoint} cannot be divided so: ${reason}`,
    {
      details: { endpoint, reason },
    },
  );
}
