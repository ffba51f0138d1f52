// @peculiar/x509 asks for this at import; it must come first
import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { SimulatorError } from '../simulator-error.ts';
import { writePrivateFile } from '../state/write-private-file.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Certificates begin this much before now, for devices whose clock is behind. */
const BACKDATE_MS = DAY_MS;
// what every version of IoT Edge takes
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;

export interface DeviceAuthorityRequest {
  /** Made when it is not there. */
  readonly directory: string;
  readonly validDays: number;
  /** Put new files in the place of those that are there. */
  readonly overwrite?: boolean;
  /** Who signs the device's authority; without it an authority is made as well. PEM. */
  readonly trusted?: { readonly certificate: string; readonly key: string; readonly passphrase?: string };
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The files of a device's authority. */
export interface DeviceAuthorityFiles {
  /** The device's authority, and who signed it. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Whom clients of the device must trust. */
  readonly trustedCertificateFile: string;
  /** Only when it was made here. */
  readonly trustedKeyFile?: string;
}

interface Signer {
  readonly certificate: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/**
 * Makes the authority that a real IoT Edge device signs its certificates with (`edge_ca` of its config.toml). The simulator
 * itself needs none.
 *
 * @throws SimulatorError `SimulatorRequestInvalid` when files are there already, or the trusted authority cannot be used
 */
export async function makeDeviceAuthority(request: DeviceAuthorityRequest): Promise<DeviceAuthorityFiles> {
  const file = (name: string) => path.join(request.directory, name);
  const files = {
    certificateFile: file('device-ca.cert.pem'),
    keyFile: file('device-ca.key.pem'),
    trustedCertificateFile: file('trusted-ca.cert.pem'),
    ...(request.trusted === undefined && { trustedKeyFile: file('trusted-ca.key.pem') }),
  };
  const present = Object.values(files).find((name) => existsSync(name));
  if (present !== undefined && request.overwrite !== true) {
    throw invalid(`${present} is there already; give --force to replace it`, { file: present });
  }
  const signer = request.trusted === undefined ? await makeSigner(request) : await readSigner(request.trusted);
  const keys = await generateKeys();
  const certificate = await authorityCertificate('edgewright device CA', { keys, signer, request });
  const chain = [certificate, signer.certificate].map((one) => `${one.toString('pem')}\n`).join('');
  // keys come first: where a certificate is, its key is too
  if (files.trustedKeyFile !== undefined) writePrivateFile(files.trustedKeyFile, await pemOf(signer.key));
  writePrivateFile(files.trustedCertificateFile, `${signer.certificate.toString('pem')}\n`);
  writePrivateFile(files.keyFile, await pemOf(keys.privateKey));
  writePrivateFile(files.certificateFile, chain);
  return files;
}

async function makeSigner(request: DeviceAuthorityRequest): Promise<Signer> {
  const keys = await generateKeys();
  return {
    certificate: await authorityCertificate('edgewright test root CA', { keys, request }),
    key: keys.privateKey,
  };
}

/** An authority, signed by another one or by itself. */
async function authorityCertificate(
  name: string,
  of: {
    readonly keys: webcrypto.CryptoKeyPair;
    readonly signer?: Signer;
    readonly request: Pick<DeviceAuthorityRequest, 'validDays' | 'now'>;
  },
): Promise<X509Certificate> {
  const { keys, signer, request } = of;
  const serial = Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex');
  const subject = [{ CN: [`${name} ${serial.slice(0, 8)}`] }];
  const signingKey = signer?.key ?? keys.privateKey;
  return await X509CertificateGenerator.create({
    // not negative, whatever the bytes
    serialNumber: `40${serial}`,
    subject,
    issuer: signer?.certificate.subjectName ?? subject,
    notBefore: new Date(request.now - BACKDATE_MS),
    notAfter: new Date(request.now + request.validDays * DAY_MS),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: { ...signingKey.algorithm, hash: 'SHA-256' },
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(signer?.certificate.publicKey ?? keys.publicKey),
    ],
  });
}

async function readSigner({ certificate, key, passphrase }: NonNullable<DeviceAuthorityRequest['trusted']>) {
  try {
    const parsed = new X509Certificate(certificate);
    if (parsed.getExtension(BasicConstraintsExtension)?.ca !== true) throw new TypeError('it is no authority');
    const signer = { certificate: parsed, key: await importKey(key, passphrase) };
    const proof = new Uint8Array(8);
    const algorithm = { ...signer.key.algorithm, hash: 'SHA-256' };
    const signature = await webcrypto.subtle.sign(algorithm, signer.key, proof);
    const publicKey = await parsed.publicKey.export(algorithm, ['verify'], webcrypto);
    if (!(await webcrypto.subtle.verify(algorithm, publicKey, signature, proof))) {
      throw new TypeError('the key belongs to another certificate');
    }
    return signer;
  } catch (cause) {
    throw invalid(`the trusted authority cannot be used: ${messageOf(cause)}`, {}, cause);
  }
}

async function importKey(pem: string, passphrase: string | undefined): Promise<webcrypto.CryptoKey> {
  const key = createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  const curves: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
  const namedCurve = curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
  const algorithm = namedCurve === undefined ? RSA : { name: 'ECDSA', namedCurve };
  if (namedCurve === undefined && key.asymmetricKeyType !== 'rsa') {
    throw new TypeError(
      `its key is of the kind ${key.asymmetricKeyType ?? 'unknown'}: expected RSA, P-256, P-384 or P-521`,
    );
  }
  const bytes = key.export({ format: 'der', type: 'pkcs8' });
  return await webcrypto.subtle.importKey('pkcs8', bytes, algorithm, true, ['sign']);
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), PemConverter.PrivateKeyTag)}\n`;
}

function invalid(reason: string, details: Readonly<Record<string, unknown>>, cause?: unknown): SimulatorError {
  return new SimulatorError('SimulatorRequestInvalid', `cannot make the device's authority: ${reason}`, {
    details,
    ...(cause !== undefined && { cause }),
  });
}
