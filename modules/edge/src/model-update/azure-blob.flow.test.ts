import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BlobServiceClient, ContainerSASPermissions } from '@azure/storage-blob';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { startAzurite } from '../../../../test/support/start-azurite.ts';
import { downloadModel } from './download-model.ts';

const model = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
const sha256 = createHash('sha256').update(model).digest('hex');
const HOUR_MS = 3_600_000;

it('fetches a model from Blob Storage by its SAS, and goes on where a part is there', async () => {
  const azurite = await startAzurite();
  onTestFinished(() => azurite[Symbol.asyncDispose]());
  const container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient('models');
  await container.create();
  const blob = container.getBlockBlobClient('faces/7/model.onnx');
  await blob.uploadData(model);
  const permissions = ContainerSASPermissions.parse('r');
  const sasUntil = (at: number) => blob.generateSasUrl({ permissions, expiresOn: new Date(at) });
  const file = path.join(await temporaryFolder(), 'part');
  await writeFile(file, model.subarray(0, 100_000));
  const download = (url: string) =>
    downloadModel({ url, sha256, file, signal: AbortSignal.timeout(60_000), onProgress: () => {} });
  await expect(download(await sasUntil(Date.now() - HOUR_MS))).rejects.toMatchObject({
    code: 'ModelRejected',
    message: expect.not.stringContaining('sig='),
  });
  expect(await download(await sasUntil(Date.now() + HOUR_MS))).toBe(true);
  expect(await readFile(file)).toEqual(model);
});
