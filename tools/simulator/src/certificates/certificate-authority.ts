// @peculiar/x509 asks for this at import; it must come first
import 'reflect-metadata';
import { existsSync, readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { SimulatorError } from '../simulator-error.ts';
import { writePrivateFile } from '../state/write-private-file.ts';
import type { CertificateIssuer, CertificateRequest, IssuedCertificate } from '../workload/certificate-issuer.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 60 * 60 * 1000;
const ROOT_DAYS = 3650;
const LEAF_DAYS = 365;
/** Certificates begin this much before now, for clients whose clock is behind. */
const BACKDATE_MS = DAY_MS;

/** Whoever signs all certificates of one simulator: a root that clients trust, made once for each state folder. */
export class CertificateAuthority implements CertificateIssuer {
  readonly caFile: string;
  readonly trustBundle: string;
  readonly #certificate: X509Certificate;
  readonly #key: webcrypto.CryptoKey;
  readonly #now: () => number;

  private constructor(root: { file: string; pem: string; key: webcrypto.CryptoKey }, now: () => number) {
    this.caFile = root.file;
    this.trustBundle = root.pem;
    this.#certificate = new X509Certificate(root.pem);
    this.#key = root.key;
    this.#now = now;
  }

  /**
   * Opens the authority in a folder, or makes one there: `ca.pem` and `ca-key.pem`.
   *
   * @throws SimulatorError `SimulatorFailed` when what is there cannot be used
   */
  static async open(directory: string, now: () => number = Date.now): Promise<CertificateAuthority> {
    const file = path.join(directory, 'ca.pem');
    const keyFile = path.join(directory, 'ca-key.pem');
    if (!existsSync(file)) await makeRoot(file, keyFile, now());
    try {
      const key = await importKey(readFileSync(keyFile, 'utf8'));
      return new CertificateAuthority({ file, pem: readFileSync(file, 'utf8'), key }, now);
    } catch (cause) {
      throw new SimulatorError(
        'SimulatorFailed',
        `cannot use the certificate authority in ${directory}: ${messageOf(cause)}; remove that folder, and the simulator makes a new one`,
        { details: { directory }, cause },
      );
    }
  }

  /** The root itself, which has signed every certificate that comes from here. */
  get root(): X509Certificate {
    return this.#certificate;
  }

  async issue(request: CertificateRequest): Promise<IssuedCertificate> {
    const keys = await generateKeys();
    const notAfter = new Date(this.#now() + LEAF_DAYS * DAY_MS);
    const names = [request.commonName, ...request.alternativeNames];
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: [{ CN: [request.commonName] }],
      issuer: this.#certificate.subjectName,
      notBefore: new Date(this.#now() - BACKDATE_MS),
      notAfter,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyAgreement, true),
        new ExtendedKeyUsageExtension([
          request.purpose === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth,
        ]),
        new SubjectAlternativeNameExtension(
          [...new Set(names)].map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
        ),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
        await AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey),
      ],
    });
    return {
      certificate: `${certificate.toString('pem')}\n`,
      privateKey: await exportKey(keys.privateKey),
      expiration: notAfter.toISOString(),
    };
  }
}

async function makeRoot(file: string, keyFile: string, now: number): Promise<void> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // a number in the name keeps roots of different simulators apart in a trust store
    name: [{ CN: [`edgewright simulator ${serialNumber().slice(0, 8)}`] }],
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + ROOT_DAYS * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  // the certificate comes last: where it is, the key is too
  writePrivateFile(keyFile, await exportKey(keys.privateKey));
  writePrivateFile(file, `${certificate.toString('pem')}\n`);
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), PemConverter.PrivateKeyTag)}\n`;
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return await webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), ALGORITHM, true, ['sign']);
}

/** Sixteen random bytes in hexadecimal, positive as X.509 wants it. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}
