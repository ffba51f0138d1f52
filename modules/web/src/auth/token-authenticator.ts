import { readFileSync } from 'node:fs';
import { messageOf, parseJson } from '@edgewright/contract';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { WebError } from '../web-error.ts';
import type { Authenticator } from './authenticator.ts';
import { bearerCredential } from './bearer-credential.ts';

/** Which tokens are taken. */
export interface TokenSource {
  /** What must stand in `iss`; its keys are found by OIDC discovery unless one of the two below is given. */
  readonly issuer: string;
  /** What must stand in `aud`. */
  readonly audience: string;
  /** Where the issuer's public keys are. */
  readonly jwksUri?: string;
  /** A file with the issuer's public keys, `{"keys": […]}`. */
  readonly jwksFile?: string;
}

/** Signatures by a private key only: with a shared secret the public keys would do for forging. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_TOLERANCE_S = 60;
/** An application role of Entra ID, in the claim `roles`. */
const CONTROL_ROLE = 'Models.Control';
const ISSUER_TIMEOUT_MS = 5000;

/**
 * Lets requests pass that bring a JWT of one issuer for one audience which has not expired. Public keys are fetched when they
 * are first needed, and again when a token names one that is not known.
 *
 * @throws WebError `AuthenticationInvalid`
 */
export function createTokenAuthenticator(source: TokenSource): Authenticator {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  if (source.jwksFile !== undefined) keys = Promise.resolve(readJwks(source.jwksFile));
  const { issuer, audience } = source;
  return {
    kind: 'token',
    authenticate: async (authorization) => {
      const token = bearerCredential(authorization);
      try {
        keys ??= remoteKeys(source);
        const { payload } = await jwtVerify(token, await keys, {
          issuer,
          audience,
          algorithms: ALGORITHMS,
          requiredClaims: ['exp'],
          clockTolerance: CLOCK_TOLERANCE_S,
        });
        const { roles } = payload;
        return { mayControl: Array.isArray(roles) && roles.includes(CONTROL_ROLE) };
      } catch (cause) {
        if (isRefusal(cause)) {
          throw new WebError('CredentialsInvalid', `the token of the request is not valid: ${cause.message}`, {
            cause,
          });
        }
        keys = source.jwksFile === undefined ? undefined : keys;
        throw new WebError('TokenKeysUnavailable', `cannot fetch the keys of ${issuer}: ${messageOf(cause)}`, {
          cause,
        });
      }
    },
    [Symbol.dispose]: () => {},
  };
}

/** Everything that jose says of a token, and not of the way to the keys. */
function isRefusal(cause: unknown): cause is errors.JOSEError {
  return (
    cause instanceof errors.JOSEError &&
    !(cause instanceof errors.JWKSTimeout) &&
    !(cause instanceof errors.JWKSInvalid)
  );
}

async function remoteKeys({ issuer, jwksUri }: TokenSource): Promise<JWTVerifyGetKey> {
  const address = jwksUri ?? (await discover(issuer));
  const fetchKeys = createRemoteJWKSet(new URL(address), { timeoutDuration: ISSUER_TIMEOUT_MS });
  return async (header, token) => {
    try {
      return await fetchKeys(header, token);
    } catch (cause) {
      // jose reports an answer other than 200 as a plain JOSEError
      if (cause instanceof errors.JOSEError && cause.code === 'ERR_JOSE_GENERIC')
        throw new TypeError(cause.message, { cause });
      throw cause;
    }
  };
}

async function discover(issuer: string): Promise<string> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(address, { signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS), redirect: 'error' });
  if (!response.ok) throw new TypeError(`${address} answers ${response.status}`);
  const { jwks_uri: jwksUri } = (await response.json()) as { jwks_uri?: unknown };
  if (typeof jwksUri !== 'string') throw new TypeError(`${address} names no jwks_uri`);
  return jwksUri;
}

function readJwks(file: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(parseJson(readFileSync(file, 'utf8'), file) as JSONWebKeySet);
  } catch (cause) {
    throw new WebError('AuthenticationInvalid', `cannot read the keys of tokens from ${file}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
