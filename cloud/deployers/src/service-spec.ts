import { SERVICE_NAME_PATTERN } from '@edgewright/contract';
import type { DeploymentSettings } from './config/complete-deployment-config.ts';
import type { ServiceCredentials } from './credentials/service-credentials.ts';
import { DeployersError } from './deployers-error.ts';

/** One state of a service that is wanted: what runs, and how. */
export interface ServiceSpec {
  readonly name: string;
  /** Counts up with each change. */
  readonly revision: number;
  readonly settings: DeploymentSettings;
  /** `NAME:VERSION` of each model. */
  readonly models: readonly string[];
  /** What runs: the app root on this machine for `local`, an image that the target can pull for the others. */
  readonly artifact: string;
  readonly credentials: ServiceCredentials;
  /** What it is a version of: callers know the endpoint, not the version. */
  readonly endpoint?: { readonly name: string; readonly version: string };
  /** The name of the compute target, where there can be several. */
  readonly computeTarget?: string;
  /** Where it listens, for `local`. */
  readonly port?: number;
}

/**
 * Checks the name of a service.
 *
 * @throws DeployersError `ServiceNameInvalid`
 */
export function checkServiceName(name: string): void {
  if (name.length >= 3 && name.length <= 32 && new RegExp(SERVICE_NAME_PATTERN).test(name)) return;
  throw new DeployersError(
    'ServiceNameInvalid',
    `"${name}" cannot be the name of a service: it needs 3 to 32 of a-z, 0-9 and -, a letter first, and no - at the end`,
    { details: { name } },
  );
}
