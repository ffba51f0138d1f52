import type { CertificateFiles, KeySource, RouterSettings, TokenSource } from '@edgewright/web';
import { ScorerError } from './scorer-error.ts';
import { wholeNumber } from './whole-number.ts';
import type { Variables } from './whole-number.ts';

/** What the variables of a service say: who may call it, how much at once, and how it ends. */
export interface ServiceEnvironment {
  /** The service's name, in messages and swagger.json. */
  readonly name: string | undefined;
  /** The service's version, in swagger.json. */
  readonly version: string | undefined;
  /** What stands before the paths in swagger.json. */
  readonly pathPrefix: string | undefined;
  /** Origins whose pages may call from a browser. */
  readonly corsOrigins: readonly string[] | undefined;
  /** Whether answers carry the version of the server. */
  readonly sendServerVersion: boolean;
  readonly keys: KeySource | undefined;
  readonly tokens: TokenSource | undefined;
  readonly tls: CertificateFiles | undefined;
  /** Set when one of its variables is. */
  readonly router: RouterSettings | undefined;
  readonly requestsPerSecond: number | undefined;
  /** Where gRPC is served beside REST; undefined: nowhere. */
  readonly grpcPort: number | undefined;
  /** Set when callers may load and unload models: those of the image, and those of a folder. */
  readonly modelControl: { readonly folder: string | undefined } | undefined;
  /** Whether browsers get a page at `/`. */
  readonly page: boolean;
  /** How long it still answers after it was told to stop, so that whoever sends requests hears of it first. */
  readonly drainMs: number;
}

const DEFAULT_NAME = 'ML service';
const AUTHENTICATION = ['none', 'key', 'token'];

/**
 * Reads the variables of a service. A service is open only when nothing asks for credentials: what is half said is refused.
 *
 * @throws ScorerError `EnvironmentInvalid`
 */
export function readServiceEnvironment(variables: Variables): ServiceEnvironment {
  const name = variables['SERVICE_NAME'] || undefined;
  const keys = readKeys(variables);
  const tokens = readTokens(variables);
  checkAuthentication(variables, keys, tokens);
  return {
    name,
    version: variables['SERVICE_VERSION'] || undefined,
    pathPrefix: variables['SERVICE_PATH_PREFIX'] || undefined,
    corsOrigins: readOrigins(variables),
    sendServerVersion: (variables['SERVER_VERSION_LOG_RESPONSE_ENABLED'] ?? 'true').toLowerCase() === 'true',
    keys,
    tokens,
    tls: readTls(variables),
    router: readRouter(variables, name ?? DEFAULT_NAME),
    requestsPerSecond: wholeNumber(variables, 'EDGEWRIGHT_REQUESTS_PER_SECOND', { least: 1, most: 1_000_000 }),
    grpcPort: wholeNumber(variables, 'EDGEWRIGHT_GRPC_PORT', { least: 0, most: 65_535 }),
    modelControl: readModelControl(variables),
    page: readSwitch(variables, 'EDGEWRIGHT_PAGE', true),
    drainMs: (wholeNumber(variables, 'EDGEWRIGHT_DRAIN_SECONDS', { least: 0, most: 600 }) ?? 0) * 1000,
  };
}

function readModelControl(variables: Variables): ServiceEnvironment['modelControl'] {
  const control = variables['EDGEWRIGHT_MODEL_CONTROL'] || 'none';
  const folder = variables['EDGEWRIGHT_MODEL_REPOSITORY'] || undefined;
  if (control !== 'none' && control !== 'explicit') {
    throw invalid('EDGEWRIGHT_MODEL_CONTROL', `it is "${control}": expected none or explicit`);
  }
  if (control === 'explicit') return { folder };
  if (folder === undefined) return undefined;
  throw invalid(
    'EDGEWRIGHT_MODEL_REPOSITORY',
    'it is set, and its models are loaded with EDGEWRIGHT_MODEL_CONTROL=explicit alone',
  );
}

function readSwitch(variables: Variables, name: string, otherwise: boolean): boolean {
  const text = variables[name] || String(otherwise);
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalid(name, `it is "${text}": expected true or false`);
}

/** Azure ML's list, with commas. */
function readOrigins(variables: Variables): readonly string[] | undefined {
  const origins = (variables['AML_CORS_ORIGINS'] ?? '').split(',').map((origin) => origin.trim());
  const named = origins.filter((origin) => origin !== '');
  return named.length === 0 ? undefined : named;
}

function readKeys(variables: Variables): KeySource | undefined {
  const file = variables['EDGEWRIGHT_KEYS_FILE'] || undefined;
  const primaryKey = variables['EDGEWRIGHT_PRIMARY_KEY'] || undefined;
  const secondaryKey = variables['EDGEWRIGHT_SECONDARY_KEY'] || undefined;
  if (file !== undefined) return { file };
  if (primaryKey === undefined && secondaryKey === undefined) return undefined;
  if (primaryKey !== undefined && secondaryKey !== undefined) return { primaryKey, secondaryKey };
  const missing = primaryKey === undefined ? 'EDGEWRIGHT_PRIMARY_KEY' : 'EDGEWRIGHT_SECONDARY_KEY';
  throw invalid(missing, 'it is not set, and a service has two keys');
}

function readTokens(variables: Variables): TokenSource | undefined {
  const issuer = variables['EDGEWRIGHT_TOKEN_ISSUER'] || undefined;
  const audience = variables['EDGEWRIGHT_TOKEN_AUDIENCE'] || undefined;
  if (issuer === undefined && audience === undefined) return undefined;
  if (issuer === undefined) throw invalid('EDGEWRIGHT_TOKEN_ISSUER', 'it is not set, and EDGEWRIGHT_TOKEN_AUDIENCE is');
  if (audience === undefined)
    throw invalid('EDGEWRIGHT_TOKEN_AUDIENCE', 'it is not set, and EDGEWRIGHT_TOKEN_ISSUER is');
  const jwksUri = variables['EDGEWRIGHT_TOKEN_JWKS_URI'] || undefined;
  const jwksFile = variables['EDGEWRIGHT_TOKEN_JWKS_FILE'] || undefined;
  return {
    issuer,
    audience,
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(jwksFile === undefined ? {} : { jwksFile }),
  };
}

function checkAuthentication(variables: Variables, keys?: KeySource, tokens?: TokenSource): void {
  const wanted = variables['EDGEWRIGHT_AUTHENTICATION'] || undefined;
  const found = keys !== undefined ? 'key' : tokens !== undefined ? 'token' : 'none';
  if (keys !== undefined && tokens !== undefined) {
    throw invalid('EDGEWRIGHT_TOKEN_ISSUER', 'a service has keys or tokens, not both');
  }
  if (wanted !== undefined && !AUTHENTICATION.includes(wanted)) {
    throw invalid('EDGEWRIGHT_AUTHENTICATION', `it is "${wanted}": expected one of ${AUTHENTICATION.join(', ')}`);
  }
  if (wanted !== undefined && wanted !== found) {
    throw invalid('EDGEWRIGHT_AUTHENTICATION', `it is "${wanted}", and the other variables are those of "${found}"`);
  }
}

function readTls(variables: Variables): CertificateFiles | undefined {
  const certificateFile = variables['EDGEWRIGHT_TLS_CERTIFICATE_FILE'] || undefined;
  const keyFile = variables['EDGEWRIGHT_TLS_KEY_FILE'] || undefined;
  if (certificateFile === undefined && keyFile === undefined) return undefined;
  if (certificateFile !== undefined && keyFile !== undefined) return { certificateFile, keyFile };
  const missing = keyFile === undefined ? 'EDGEWRIGHT_TLS_KEY_FILE' : 'EDGEWRIGHT_TLS_CERTIFICATE_FILE';
  throw invalid(missing, 'it is not set, and TLS needs a certificate and its key');
}

function readRouter(variables: Variables, service: string): RouterSettings | undefined {
  const maxConcurrentRequests = wholeNumber(variables, 'EDGEWRIGHT_MAX_CONCURRENT_REQUESTS', {
    least: 1,
    most: 10_000,
  });
  const maxQueueWaitMs = wholeNumber(variables, 'EDGEWRIGHT_MAX_QUEUE_WAIT_MS', { least: 1, most: 3_600_000 });
  const scoringTimeoutMs = wholeNumber(variables, 'EDGEWRIGHT_SCORING_TIMEOUT_MS', { least: 5, most: 300_000 });
  const given = { maxConcurrentRequests, maxQueueWaitMs, scoringTimeoutMs };
  const settings = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return Object.keys(settings).length === 0 ? undefined : { service, ...settings };
}

function invalid(variable: string, reason: string): ScorerError {
  return new ScorerError('EnvironmentInvalid', `cannot serve: ${variable}: ${reason}`, {
    details: { variable, reason },
  });
}
