import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { Server } from 'node:https';
import { messageOf } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import { watchFiles } from '../watch-files.ts';
import { WebError } from '../web-error.ts';

/** Two PEM files. They may change at any time, and new connections then get the new certificate. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A certificate with its key, as PEM. */
export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A certificate that is watched. */
export interface WatchedCertificate {
  /** The one in force. */
  readonly pair: KeyPair;
  readonly watch: Disposable;
}

/** A server for TLS 1.2 and newer, and what watches its files. */
export interface TlsServer {
  readonly create: (handler: RequestListener) => Server;
  readonly watch: Disposable;
}

/**
 * Reads a certificate and its key, and again whenever they change.
 *
 * @param changed called with a pair that belongs together
 * @throws WebError `CertificateInvalid` when they cannot be read or do not belong together
 */
export function watchCertificate(
  files: CertificateFiles,
  logger: Logger,
  changed: (pair: KeyPair) => void,
): WatchedCertificate {
  let pair = checkPair(readFirst(files), files);
  const watch = watchFiles([pair.cert, pair.key], {
    paths: [files.certificateFile, files.keyFile],
    changed: ([cert, key]) => {
      pair = checkPair({ cert: cert as Buffer, key: key as Buffer }, files);
      changed(pair);
      const { subject, validTo } = new X509Certificate(pair.cert);
      logger.info({ event: 'web.certificate', subject, validTo }, `serving another certificate, valid to ${validTo}`);
    },
    failed: (err) =>
      logger.error({ event: 'web.certificate', err }, 'the new certificate cannot be used; the former stays in force'),
  });
  return {
    get pair() {
      return pair;
    },
    watch,
  };
}

/**
 * Prepares a TLS server from files.
 *
 * @throws WebError `CertificateInvalid` when they cannot be read or do not belong together
 */
export function prepareTls(files: CertificateFiles, logger: Logger): TlsServer {
  let server: Server | undefined;
  const certificate = watchCertificate(files, logger, (pair) =>
    server?.setSecureContext({ ...pair, minVersion: 'TLSv1.2' }),
  );
  return {
    create: (handler) => {
      server = createServer({ ...certificate.pair, minVersion: 'TLSv1.2' }, handler);
      return server;
    },
    watch: certificate.watch,
  };
}

function readFirst({ certificateFile, keyFile }: CertificateFiles): KeyPair {
  try {
    return { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
  } catch (cause) {
    throw new WebError('CertificateInvalid', `cannot serve TLS: ${messageOf(cause)}`, { cause });
  }
}

function checkPair(pair: KeyPair, { certificateFile, keyFile }: CertificateFiles): KeyPair {
  const details = { certificateFile, keyFile };
  try {
    if (new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key))) return pair;
  } catch (cause) {
    throw new WebError(
      'CertificateInvalid',
      `cannot serve TLS with ${certificateFile} and ${keyFile}: ${messageOf(cause)}`,
      { details, cause },
    );
  }
  throw new WebError(
    'CertificateInvalid',
    `cannot serve TLS: the key in ${keyFile} is not the one of the certificate in ${certificateFile}`,
    { details },
  );
}
