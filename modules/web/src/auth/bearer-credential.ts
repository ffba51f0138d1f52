import { WebError } from '../web-error.ts';

/** Longer ones are no key and no token. */
const MAX_LENGTH = 16_384;

/**
 * The credential of `Authorization: Bearer CREDENTIAL`.
 *
 * @throws WebError `CredentialsMissing`, `CredentialsInvalid`
 */
export function bearerCredential(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '') {
    throw new WebError('CredentialsMissing', 'the request has no credentials: send the header Authorization: Bearer …');
  }
  const credential = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization.slice(0, MAX_LENGTH + 1))?.[1];
  if (credential !== undefined && authorization.length <= MAX_LENGTH) return credential;
  throw new WebError('CredentialsInvalid', 'the header Authorization is not of the form "Bearer CREDENTIAL"');
}
