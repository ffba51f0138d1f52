import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer, connect } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateAuthority } from './certificate-authority.ts';
import { serverCertificate } from './server-certificate.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'edgewright-certificates-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('the certificate authority', () => {
  it('is made once, kept for its owner only, and found again', async () => {
    const first = await CertificateAuthority.open(directory);
    const again = await CertificateAuthority.open(directory);
    expect(again.trustBundle).toBe(first.trustBundle);
    const root = new X509Certificate(first.trustBundle);
    expect(root.ca).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect((await stat(path.join(directory, 'ca-key.pem'))).mode & 0o777).toBe(0o600);
  });

  it('says which folder is unusable when its key is damaged', async () => {
    await CertificateAuthority.open(directory);
    await writeFile(path.join(directory, 'ca-key.pem'), 'not a key');
    await expect(CertificateAuthority.open(directory)).rejects.toMatchObject({
      code: 'SimulatorFailed',
      message: expect.stringContaining(directory),
    });
  });

  it('issues server certificates that clients accept under every name asked for', async () => {
    const authority = await CertificateAuthority.open(directory);
    const issued = await serverCertificate({ authority, directory, host: 'edge-box' });
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.subjectAltName).toBe(
      'DNS:edge-box, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(new Date(issued.expiration).getTime()).toBeGreaterThan(Date.now());
    const server = createServer({ cert: issued.certificate, key: issued.privateKey }, (socket) => socket.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    for (const servername of ['localhost', 'edge-box']) {
      const { port } = server.address() as AddressInfo;
      const client = connect({ host: '127.0.0.1', port, servername, ca: authority.trustBundle });
      await once(client, 'secureConnect');
      expect(client.authorized).toBe(true);
      client.destroy();
    }
    server.close();
  });

  it('issues client certificates', async () => {
    const authority = await CertificateAuthority.open(directory);
    const issued = await authority.issue({ commonName: 'm', purpose: 'client', alternativeNames: [] });
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.verify(new X509Certificate(authority.trustBundle).publicKey)).toBe(true);
  });
});

describe('the server certificate', () => {
  it('is kept from start to start while it fits', async () => {
    const authority = await CertificateAuthority.open(directory);
    const first = await serverCertificate({ authority, directory, host: 'localhost' });
    const again = await serverCertificate({ authority, directory, host: 'localhost' });
    expect(again.certificate).toBe(first.certificate);
    const other = await serverCertificate({ authority, directory, host: 'edge-box' });
    expect(other.certificate).not.toBe(first.certificate);
    expect(await readFile(path.join(directory, 'server.pem'), 'utf8')).toBe(other.certificate);
  });

  it('is renewed before it ends, and when its authority is another one', async () => {
    const authority = await CertificateAuthority.open(directory);
    const first = await serverCertificate({ authority, directory, host: 'localhost' });
    const soon = () => Date.parse(first.expiration) - 29 * 24 * 60 * 60 * 1000;
    const renewed = await serverCertificate({ authority, directory, host: 'localhost', now: soon });
    expect(renewed.certificate).not.toBe(first.certificate);
    await rm(path.join(directory, 'ca.pem'));
    const newAuthority = await CertificateAuthority.open(directory);
    const afterwards = await serverCertificate({ authority: newAuthority, directory, host: 'localhost' });
    expect(afterwards.certificate).not.toBe(renewed.certificate);
  });
});
