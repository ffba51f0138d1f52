import { identityText } from './identity.ts';
import type { Identity } from './identity.ts';

/** What one side of TLS knows of the other's certificate. */
export interface PresentedCertificate {
  /** SHA-1 and SHA-256 of the certificate, hexadecimal without separators. */
  readonly thumbprints: readonly string[];
  readonly commonName: string;
  /** True when an authority that the hub trusts signed it. */
  readonly isTrusted: boolean;
}

/** What stands against letting an identity in by its certificate; undefined when nothing does. */
export function certificateProblem(
  identity: Identity,
  certificate: PresentedCertificate | undefined,
): string | undefined {
  const name = identityText(identity);
  if (certificate === undefined) return `"${name}" came with neither a token nor a certificate`;
  if (identity.authentication === 'selfSigned') {
    const known = [identity.primaryThumbprint, identity.secondaryThumbprint].map((print) => print?.toLowerCase());
    const fits = certificate.thumbprints.some((print) => known.includes(print.toLowerCase()));
    return fits ? undefined : `the certificate of "${name}" has another thumbprint than the hub knows`;
  }
  if (identity.authentication === 'certificateAuthority') {
    if (!certificate.isTrusted) return `no authority that the hub trusts has signed the certificate of "${name}"`;
    if (certificate.commonName === identity.deviceId) return undefined;
    return `the certificate of "${name}" has the common name "${certificate.commonName}", not the device's id`;
  }
  return `"${name}" does not authenticate with certificates`;
}
