import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf } from '@edgewright/contract';
import type { AciSettings } from '../config/complete-deployment-config.ts';
import { DeployersError } from '../deployers-error.ts';

/** The files of a certificate, as they are. */
export interface CertificateFiles {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
}

/**
 * Reads the certificate of a service and makes sure that callers will take it: that it is one, holds now, is for the name, and
 * that the key is its own. A wrong pair would only show when the first caller is turned away.
 *
 * @returns undefined when the service has no TLS
 * @throws DeployersError `DeploymentConfigInvalid` with the key of the configuration that must change
 */
export function readCertificate(settings: AciSettings, now = Date.now()): CertificateFiles | undefined {
  const { sslEnabled, sslCertificate = '', sslKey = '', cname = '' } = settings;
  if (!sslEnabled) return undefined;
  const certificate = read('$.sslCertificate', sslCertificate);
  const privateKey = read('$.sslKey', sslKey);
  const parsed = parse('$.sslCertificate', sslCertificate, () => new X509Certificate(certificate));
  const key: KeyObject = parse('$.sslKey', sslKey, () => createPrivateKey(privateKey));
  if (!parsed.checkPrivateKey(key)) {
    throw refused('$.sslKey', `the key in "${sslKey}" does not belong to the certificate in "${sslCertificate}"`);
  }
  const [from, to] = [parsed.validFromDate, parsed.validToDate];
  if (now < from.getTime() || now > to.getTime()) {
    const validity = `it holds from ${from.toISOString()} to ${to.toISOString()}`;
    throw refused('$.sslCertificate', `the certificate in "${sslCertificate}" does not hold now: ${validity}`);
  }
  if (parsed.checkHost(cname) === undefined) {
    const names = parsed.subjectAltName ?? parsed.subject;
    throw refused('$.cname', `the certificate is not for "${cname}"; it is for ${names}`);
  }
  return { certificate, privateKey };
}

function read(path: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw refused(path, `cannot read the PEM file "${file}": ${messageOf(cause)}`, cause);
  }
}

function parse<Parsed>(path: string, file: string, action: () => Parsed): Parsed {
  try {
    return action();
  } catch (cause) {
    throw refused(
      path,
      `"${file}" has no ${path === '$.sslKey' ? 'private key without a password' : 'certificate'} as PEM`,
      cause,
    );
  }
}

function refused(path: string, reason: string, cause?: unknown): DeployersError {
  return new DeployersError(
    'DeploymentConfigInvalid',
    `the deployment configuration cannot be used: ${path}: ${reason}`,
    {
      details: { path, reason },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
