import { createHmac, timingSafeEqual } from 'node:crypto';

const PREFIX = 'SharedAccessSignature ';
const MAX_TOKEN_LENGTH = 4096;

/** A shared access signature taken apart. */
export interface SharedAccessSignature {
  /** What it is for, decoded, such as `hub.example/devices/d1/modules/m`. */
  readonly audience: string;
  readonly signature: Buffer;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** Name of the policy whose key signed it; absent when it is the identity's own key. */
  readonly policy?: string;
  /** The audience as it stands in the token: this text is what was signed. */
  readonly signedAudience: string;
}

/** Takes a token apart; undefined when it is not a shared access signature. Checks nothing. */
export function parseSharedAccessSignature(token: string): SharedAccessSignature | undefined {
  if (!token.startsWith(PREFIX) || token.length > MAX_TOKEN_LENGTH) return undefined;
  const fields = new Map<string, string>();
  for (const part of token.slice(PREFIX.length).split('&')) {
    const equals = part.indexOf('=');
    if (equals > 0) fields.set(part.slice(0, equals), part.slice(equals + 1));
  }
  const signedAudience = fields.get('sr');
  const signature = decoded(fields.get('sig'));
  const expiry = fields.get('se');
  const audience = decoded(signedAudience);
  const policy = decoded(fields.get('skn'));
  if (signedAudience === undefined || audience === undefined || signature === undefined) return undefined;
  if (expiry === undefined || !/^\d{1,12}$/.test(expiry)) return undefined;
  return {
    audience,
    signedAudience,
    signature: Buffer.from(signature, 'base64'),
    expiresAt: Number(expiry),
    ...(policy !== undefined && policy !== '' && { policy }),
  };
}

export interface SignatureExpectations {
  /** Base64 keys, any of which may have signed it. */
  readonly keys: readonly string[];
  /** Any of which the token may be for; compared without regard to case. */
  readonly audiences: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Why a token is not good; undefined when it is. The reasons are for people: none tells a key.
 */
export function signatureProblem(token: SharedAccessSignature, expected: SignatureExpectations): string | undefined {
  const audience = token.audience.toLowerCase();
  if (!expected.audiences.some((allowed) => allowed.toLowerCase() === audience)) {
    return `the token is for "${token.audience}", not for "${expected.audiences[0] ?? ''}"`;
  }
  const signed = `${token.signedAudience}\n${token.expiresAt}`;
  const isSigned = expected.keys.some((key) => {
    if (key === '') return false;
    const digest = hmac(signed, key);
    return digest.length === token.signature.length && timingSafeEqual(digest, token.signature);
  });
  if (!isSigned) return 'the signature was not made with a key of this identity or policy';
  if (token.expiresAt * 1000 <= expected.now) {
    return `the token expired at ${new Date(token.expiresAt * 1000).toISOString()}`;
  }
  return undefined;
}

/** Signs a token. `expiresAt` is in seconds since 1970. */
export function createSharedAccessSignature(
  audience: string,
  key: string,
  { expiresAt, policy }: { readonly expiresAt: number; readonly policy?: string },
): string {
  const resource = encodeURIComponent(audience);
  const signature = encodeURIComponent(hmac(`${resource}\n${expiresAt}`, key).toString('base64'));
  const suffix = policy === undefined ? '' : `&skn=${encodeURIComponent(policy)}`;
  return `${PREFIX}sr=${resource}&sig=${signature}&se=${expiresAt}${suffix}`;
}

function hmac(text: string, key: string): Buffer {
  return createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest();
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
