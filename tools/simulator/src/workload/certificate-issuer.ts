/** A certificate with its key, as they are handed out. */
export interface IssuedCertificate {
  /** PEM, the certificate itself first, then those that lead to the root (without the root). */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly privateKey: string;
  /** When it ends; ISO 8601. */
  readonly expiration: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly purpose: 'server' | 'client';
  /** DNS names and IP addresses besides the common name. */
  readonly alternativeNames: readonly string[];
}

/** Whoever signs certificates for an edge device: the simulator's own authority. */
export interface CertificateIssuer {
  /** The root certificates that clients must trust; PEM. */
  readonly trustBundle: string;
  /** The file in which `trustBundle` stands. */
  readonly caFile: string;
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
}
