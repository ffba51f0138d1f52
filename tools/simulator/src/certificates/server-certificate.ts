import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import type { IssuedCertificate } from '../workload/certificate-issuer.ts';
import { writePrivateFile } from '../state/write-private-file.ts';
import type { CertificateAuthority } from './certificate-authority.ts';

/** A kept certificate with less time left than this is made anew: 30 days. */
const RENEW_BEFORE_MS = 30 * 24 * 60 * 60 * 1000;

/** The names and addresses that every server of a simulator answers to, besides the host that was given. */
export const loopbackNames = ['localhost', '127.0.0.1', '::1'] as const;

export interface ServerCertificateRequest {
  readonly authority: CertificateAuthority;
  /** `server.pem` and `server-key.pem` are kept in here. */
  readonly directory: string;
  readonly host: string;
  readonly now?: () => number;
}

/** The certificate of the hub's own servers: the one of the last start, as long as it fits. */
export async function serverCertificate(request: ServerCertificateRequest): Promise<IssuedCertificate> {
  const { authority, directory, host, now = Date.now } = request;
  const file = path.join(directory, 'server.pem');
  const keyFile = path.join(directory, 'server-key.pem');
  if (existsSync(file) && existsSync(keyFile)) {
    const certificate = readFileSync(file, 'utf8');
    const privateKey = readFileSync(keyFile, 'utf8');
    const expiration = usableUntil(certificate, { root: authority.trustBundle, host, now: now() });
    if (expiration !== undefined) return { certificate, privateKey, expiration };
  }
  const made = await authority.issue({ commonName: host, purpose: 'server', alternativeNames: [...loopbackNames] });
  writePrivateFile(keyFile, made.privateKey);
  writePrivateFile(file, made.certificate);
  return made;
}

/** When a kept certificate ends; undefined when it cannot be used any more. */
function usableUntil(
  pem: string,
  expected: { readonly root: string; readonly host: string; readonly now: number },
): string | undefined {
  try {
    const certificate = new X509Certificate(pem);
    const isNamed =
      isIP(expected.host) === 0 ? certificate.checkHost(expected.host) : certificate.checkIP(expected.host);
    const end = certificate.validToDate.getTime();
    const isSigned = certificate.verify(new X509Certificate(expected.root).publicKey);
    if (isNamed === undefined || !isSigned || end - RENEW_BEFORE_MS < expected.now) return undefined;
    return certificate.validToDate.toISOString();
  } catch {
    // what cannot be read is made anew
    return undefined;
  }
}
