import { collectionSecrets, collectionVariables } from './collection-environment.ts';
import type { CollectionSecrets } from './collection-environment.ts';
import { ownIssuer } from './credentials/service-credentials.ts';
import type { ServiceSpec } from './service-spec.ts';

/** Where a target puts the files with credentials. */
export interface CredentialPlaces {
  readonly keysFile?: string;
  readonly jwksFile?: string;
  readonly appInsightsFile?: string;
  /** Files with the secrets of the collection of model data, as the service sees them. */
  readonly collection?: CollectionSecrets;
  /** Where collected data go that have no other place. */
  readonly collectedFolder?: string;
}

/** The variables of the scorer that follow from the settings of a service, whatever runs it. */
export function serviceEnvironment(spec: ServiceSpec, places: CredentialPlaces): Record<string, string> {
  const { settings } = spec;
  // callers know the endpoint, and tokens are for it
  const name = spec.endpoint?.name ?? spec.name;
  const limits = {
    EDGEWRIGHT_MAX_CONCURRENT_REQUESTS: String(settings.maxConcurrentRequestsPerContainer),
    EDGEWRIGHT_MAX_QUEUE_WAIT_MS: String(settings.maxQueueWaitMs),
    EDGEWRIGHT_SCORING_TIMEOUT_MS: String(settings.scoringTimeoutMs),
  };
  const engine = settings.engine === undefined ? {} : { EDGEWRIGHT_ENGINE: JSON.stringify(settings.engine) };
  const control = settings.modelControl === 'none' ? {} : { EDGEWRIGHT_MODEL_CONTROL: settings.modelControl };
  const page = settings.page ? {} : { EDGEWRIGHT_PAGE: 'false' };
  const drift = settings.drift === undefined ? {} : { EDGEWRIGHT_DRIFT: JSON.stringify(settings.drift) };
  return {
    SERVICE_NAME: name,
    ...limits,
    ...engine,
    ...control,
    ...page,
    ...telling(settings.appInsightsEnabled, places),
    ...drift,
    ...authentication({ name, settings }, places),
    ...collection(spec, places),
  };
}

function collection({ settings }: ServiceSpec, places: CredentialPlaces): Record<string, string> {
  const files = Object.entries(places.collection ?? {}) as [keyof typeof collectionSecrets, string][];
  return {
    ...collectionVariables(settings, places.collectedFolder),
    ...Object.fromEntries(files.map(([name, file]) => [`${collectionSecrets[name]}_FILE`, file])),
  };
}

/** Azure ML's switch, and where the connection string stands. */
function telling(isEnabled: boolean, { appInsightsFile }: CredentialPlaces): Record<string, string> {
  if (!isEnabled) return {};
  return {
    AML_APP_INSIGHTS_ENABLED: 'true',
    ...(appInsightsFile === undefined ? {} : { APPLICATIONINSIGHTS_CONNECTION_STRING_FILE: appInsightsFile }),
  };
}

function authentication(
  { name, settings }: Pick<ServiceSpec, 'name' | 'settings'>,
  { keysFile, jwksFile }: CredentialPlaces,
): Record<string, string> {
  if (settings.authEnabled) {
    return { EDGEWRIGHT_AUTHENTICATION: 'key', ...(keysFile === undefined ? {} : { EDGEWRIGHT_KEYS_FILE: keysFile }) };
  }
  if (!settings.tokenAuthEnabled) return { EDGEWRIGHT_AUTHENTICATION: 'none' };
  const { issuer, audience, jwksUri }: { issuer: string; audience: string; jwksUri?: string | undefined } =
    settings.tokenIssuer ?? ownIssuer(name);
  return {
    EDGEWRIGHT_AUTHENTICATION: 'token',
    EDGEWRIGHT_TOKEN_ISSUER: issuer,
    EDGEWRIGHT_TOKEN_AUDIENCE: audience,
    ...(jwksUri === undefined ? {} : { EDGEWRIGHT_TOKEN_JWKS_URI: jwksUri }),
    ...(settings.tokenIssuer === undefined && jwksFile !== undefined ? { EDGEWRIGHT_TOKEN_JWKS_FILE: jwksFile } : {}),
  };
}
