import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { JWK } from 'jose';
import type { DeploymentSettings } from '../config/complete-deployment-config.ts';
import { DeployersError } from '../deployers-error.ts';

/** What lets callers in. Secret. */
export interface ServiceCredentials {
  readonly keys?: { readonly primaryKey: string; readonly secondaryKey: string };
  /** The private key with which the service's own tokens are signed. */
  readonly signingKey?: JWK;
  /** The connection string of the Application Insights resource that the service tells of its requests. */
  readonly appInsights?: string;
}

/** Azure ML's answer of `get-access-token`. Times are ISO 8601. */
export interface AccessToken {
  readonly accessToken: string;
  readonly tokenType: 'Bearer';
  /** From then on a new one should be fetched. */
  readonly refreshAfter: string;
  readonly expiryOn: string;
}

const KEY_BYTES = 24;
const CONNECTION_STRING = /^(.*;)?\s*InstrumentationKey=[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\s*(;|$)/i;
const TOKEN_LIFETIME_MS = 60 * 60_000;
const REFRESH_AFTER_MS = 45 * 60_000;

/**
 * Makes the credentials that settings ask for; those of before stay, unless the settings name others.
 *
 * @param appInsights a connection string, which goes before the former one
 * @throws DeployersError `DeploymentConfigInvalid` when `appInsightsEnabled` has no connection string
 */
export async function makeCredentials(
  settings: DeploymentSettings,
  former: ServiceCredentials = {},
  appInsights: string | undefined = former.appInsights,
): Promise<ServiceCredentials> {
  const letIn = await whatLetsIn(settings, former);
  if (!settings.appInsightsEnabled) return letIn;
  if (appInsights !== undefined && CONNECTION_STRING.test(appInsights)) return { ...letIn, appInsights };
  const reason =
    appInsights === undefined
      ? 'it needs the variable APPLICATIONINSIGHTS_CONNECTION_STRING, which is not set'
      : 'the variable APPLICATIONINSIGHTS_CONNECTION_STRING holds no connection string: InstrumentationKey=GUID;IngestionEndpoint=https://…';
  throw new DeployersError(
    'DeploymentConfigInvalid',
    `the deployment configuration cannot be used: $.appInsightsEnabled: ${reason}`,
    { details: { path: '$.appInsightsEnabled', reason } },
  );
}

async function whatLetsIn(settings: DeploymentSettings, former: ServiceCredentials): Promise<ServiceCredentials> {
  if (settings.authEnabled) {
    const primaryKey = settings.keys?.primaryKey ?? former.keys?.primaryKey ?? makeKey();
    const secondaryKey = settings.keys?.secondaryKey ?? former.keys?.secondaryKey ?? makeKey();
    return { keys: { primaryKey, secondaryKey } };
  }
  if (!settings.tokenAuthEnabled || settings.tokenIssuer !== undefined) return {};
  if (former.signingKey !== undefined) return { signingKey: former.signingKey };
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { signingKey: { ...jwk, alg: 'ES256', use: 'sig', kid: randomBytes(8).toString('hex') } };
}

/** A key by chance, in letters, digits, `-` and `_`. */
export function makeKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url');
}

/** What stands in the tokens of a service as `iss` and `aud`. */
export function ownIssuer(name: string): { readonly issuer: string; readonly audience: string } {
  return { issuer: 'https://edgewright.invalid/services', audience: name };
}

/** The public half of a signing key, as a JWKS document. */
export function publicKeys({ kty, crv, x, y, alg, use, kid }: JWK): string {
  return JSON.stringify({ keys: [{ kty, crv, x, y, alg, use, kid }] });
}

/**
 * Issues a token for a service.
 *
 * @throws DeployersError `CredentialsNotUsed`
 */
export async function issueToken(
  name: string,
  { signingKey }: ServiceCredentials,
  now: number = Date.now(),
): Promise<AccessToken> {
  if (signingKey === undefined) {
    throw new DeployersError(
      'CredentialsNotUsed',
      `the service ${name} issues no tokens of its own: tokenAuthEnabled is off, or tokens come from another issuer`,
      { details: { name } },
    );
  }
  const { issuer, audience } = ownIssuer(name);
  const expiry = now + TOKEN_LIFETIME_MS;
  const accessToken = await new SignJWT()
    .setProtectedHeader({ alg: 'ES256', kid: signingKey.kid ?? '' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(Math.floor(now / 1000))
    .setExpirationTime(Math.floor(expiry / 1000))
    .sign(await importJWK(signingKey, 'ES256'));
  return {
    accessToken,
    tokenType: 'Bearer',
    refreshAfter: new Date(now + REFRESH_AFTER_MS).toISOString(),
    expiryOn: new Date(expiry).toISOString(),
  };
}
