import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeDeviceAuthority } from './device-authority.ts';
import type { DeviceAuthorityFiles } from './device-authority.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-device-authority-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The device's authority and who signed it, after a look at both. */
async function certificatesOf(files: DeviceAuthorityFiles) {
  const chain = await readFile(files.certificateFile, 'utf8');
  const pems = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [device, trusted] = pems.map((pem) => new X509Certificate(pem));
  if (device === undefined || trusted === undefined) throw new TypeError('the chain is too short');
  expect(device.ca).toBe(true);
  expect(device.verify(trusted.publicKey)).toBe(true);
  expect(device.checkIssued(trusted)).toBe(true);
  return { device, trusted };
}

describe("a device's authority", () => {
  it('is signed by one that is made with it', async () => {
    const files = await makeDeviceAuthority({ directory: await makeFolder(), validDays: 90, now });
    const { device, trusted } = await certificatesOf(files);
    expect(trusted.verify(trusted.publicKey)).toBe(true);
    expect(new Date(device.validTo).toISOString()).toBe('2026-04-01T00:00:00.000Z');
    expect(await readFile(files.trustedCertificateFile, 'utf8')).toContain(trusted.toString().trim());
  });

  it('leaves what is there, unless it is told otherwise', async () => {
    const directory = await makeFolder();
    const { keyFile } = await makeDeviceAuthority({ directory, validDays: 1, now });
    const before = await readFile(keyFile, 'utf8');
    await expect(makeDeviceAuthority({ directory, validDays: 1, now })).rejects.toThrow(
      'is there already; give --force',
    );
    expect(await readFile(keyFile, 'utf8')).toBe(before);
    await makeDeviceAuthority({ directory, validDays: 1, now, overwrite: true });
    expect(await readFile(keyFile, 'utf8')).not.toBe(before);
  });

  it('is signed by a trusted one, whose key may have a passphrase', async () => {
    const folder = await makeFolder();
    const first = await makeDeviceAuthority({ directory: path.join(folder, 'first'), validDays: 9, now });
    const certificate = await readFile(first.trustedCertificateFile, 'utf8');
    const key = await readFile(first.trustedKeyFile ?? '', 'utf8');
    const directory = path.join(folder, 'second');
    const second = await makeDeviceAuthority({ directory, validDays: 9, now, trusted: { certificate, key } });
    expect(second.trustedKeyFile).toBeUndefined();
    expect((await certificatesOf(second)).trusted.raw).toEqual((await certificatesOf(first)).trusted.raw);
    const locked = createPrivateKey(key).export({
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'p',
    });
    await writeFile(path.join(folder, 'locked.pem'), locked);
    const trusted = { certificate, key: locked.toString(), passphrase: 'p' };
    await certificatesOf(await makeDeviceAuthority({ directory, validDays: 9, now, trusted, overwrite: true }));
    const wrong = { ...trusted, passphrase: 'q' };
    await expect(
      makeDeviceAuthority({ directory, validDays: 9, now, trusted: wrong, overwrite: true }),
    ).rejects.toMatchObject({ code: 'SimulatorRequestInvalid', message: expect.stringContaining('trusted authority') });
  });

  it('is not signed with the key of another certificate', async () => {
    const folder = await makeFolder();
    const first = await makeDeviceAuthority({ directory: path.join(folder, 'first'), validDays: 9, now });
    const certificate = await readFile(first.trustedCertificateFile, 'utf8');
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const key = other.export({ format: 'pem', type: 'pkcs8' }).toString();
    const directory = path.join(folder, 'second');
    await expect(makeDeviceAuthority({ directory, validDays: 9, now, trusted: { certificate, key } })).rejects.toThrow(
      'the key belongs to another certificate',
    );
  });
});
