import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestCertificate } from '../../../../test/support/test-certificate.ts';
import type { AciSettings } from '../config/complete-deployment-config.ts';
import { completeDeploymentConfig } from '../config/complete-deployment-config.ts';
import { readCertificate } from './read-certificate.ts';

const DAY_MS = 86_400_000;
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'edgewright-certificate-'));
  const [one, two] = [await createTestCertificate(), await createTestCertificate()];
  writeFileSync(path.join(folder, 'one.crt'), one.certificate);
  writeFileSync(path.join(folder, 'one.key'), one.privateKey);
  writeFileSync(path.join(folder, 'two.key'), two.privateKey);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function settings(certificate: string, key: string, cname: string): AciSettings {
  const [sslCertificate, sslKey] = [path.join(folder, certificate), path.join(folder, key)];
  const config = { computeType: 'ACI', sslEnabled: true, sslCertificate, sslKey, cname };
  return completeDeploymentConfig(config, 'test') as AciSettings;
}

it('takes a certificate with its key for its name', () => {
  const files = readCertificate(settings('one.crt', 'one.key', 'localhost'));
  expect(files?.certificate.toString()).toContain('BEGIN CERTIFICATE');
  expect(readCertificate(completeDeploymentConfig({ computeType: 'ACI' }, 'test') as AciSettings)).toBeUndefined();
});

it.each([
  ['a file that is not there', 'none.crt', 'one.key', 'localhost', 0, '$.sslCertificate: cannot read'],
  ['a key instead of a certificate', 'one.key', 'one.key', 'localhost', 0, '$.sslCertificate: "'],
  ['a certificate instead of a key', 'one.crt', 'one.crt', 'localhost', 0, '$.sslKey: "'],
  ['the key of another', 'one.crt', 'two.key', 'localhost', 0, 'does not belong to the certificate'],
  ['another name', 'one.crt', 'one.key', 'scores.example', 0, '$.cname: the certificate is not for "scores.example"; it is for DNS:localhost'],
  ['a certificate that ended', 'one.crt', 'one.key', 'localhost', 2 * DAY_MS, 'does not hold now: it holds from'],
])('refuses %s, with the key that must change', (_, certificate, key, cname, laterMs, text) => {
  const read = (): unknown => readCertificate(settings(certificate, key, cname), Date.now() + laterMs);
  expect(read).toThrow(text);
}); // prettier-ignore
