import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { collectedRowOf, parseCollectionPath } from '@edgewright/contract';
import type { CollectedRow, ScorerReported } from '@edgewright/contract';
import { parse } from 'csv-parse/sync';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../test/support/free-port.ts';
import { createAppRoot, ScorerProcess } from '../../../test/support/scorer-process.ts';
import { startAzurite } from '../../../test/support/start-azurite.ts';
import { TestHub } from '../../../test/support/test-hub.ts';
import { affineOnnx } from '../../../test/support/tiny-models.ts';

const POINTER = '/predictions';

/** Storage that cannot be reached until `open` is called, and the connection string for it. */
async function startStorage() {
  const azurite = await startAzurite();
  onTestFinished(() => azurite[Symbol.asyncDispose]());
  const port = await freePort();
  const connectionString = azurite.connectionString.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`);
  const open = async (): Promise<void> => {
    const { hostname, port: target } = new URL(azurite.url);
    const proxy = createServer((incoming) => {
      const outgoing = connect(Number(target), hostname);
      incoming.pipe(outgoing).on('error', () => incoming.destroy());
      outgoing.pipe(incoming).on('error', () => outgoing.destroy());
    }).listen(port, '127.0.0.1');
    await once(proxy, 'listening');
    onTestFinished(() => void proxy.close());
  };
  const rows = async (): Promise<CollectedRow[]> => {
    const container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient('modeldata');
    const found: CollectedRow[] = [];
    if (!(await container.exists())) return found;
    for await (const { name } of container.listBlobsFlat()) {
      expect(parseCollectionPath(name)).toMatchObject({ model: 'model', version: '1', service: 'dev.scorer' });
      if (!name.includes('/inputs/')) continue;
      const table = parse(await container.getBlobClient(name).downloadToBuffer(), { columns: true });
      for (const row of table as Record<string, unknown>[]) found.push(collectedRowOf(row) as CollectedRow);
    }
    return found;
  };
  return { connectionString, open, rows };
}

async function startEdge(connectionString: string, collection: object) {
  const root = await createAppRoot(affineOnnx());
  onTestFinished(() => root[Symbol.asyncDispose]());
  const hub = await TestHub.start();
  onTestFinished(() => hub[Symbol.asyncDispose]());
  hub.desired = { $version: 1, reportIntervalSeconds: 5, collection };
  const ca = path.join(root.directory, 'ca.pem');
  const credential = path.join(root.directory, 'credential');
  await writeFile(ca, hub.ca);
  await writeFile(credential, connectionString);
  const start = (): ScorerProcess => {
    const scorer = new ScorerProcess({
      AML_APP_ROOT: root.directory,
      EdgeHubConnectionString: hub.connectionString,
      EdgeModuleCACertificateFile: ca,
      EDGEWRIGHT_STATE_DIRECTORY: path.join(root.directory, 'state'),
      EDGEWRIGHT_COLLECT_CREDENTIAL_FILE: credential,
    });
    onTestFinished(() => scorer[Symbol.asyncDispose]());
    return scorer;
  };
  const status = async () => (await hub.call('status', null)).payload as ScorerReported;
  return { hub, start, status };
}

const message = '{"data":[[1,2,3]]}';

it('collects from edgeHub and over REST: what waited offline and over a kill is there once when the storage is', async () => {
  const storage = await startStorage();
  const collection = { uploadIntervalSeconds: 1, redact: [{ field: 'x_1', action: 'drop' }] };
  const { hub, start, status } = await startEdge(storage.connectionString, collection);
  const first = start();
  await hub.deliver('in', message, { '$.mid': 'm1', '$.cid': 'c' });
  await hub.deliver('in', message, { '$.mid': 'm2', '$.cid': 'c' });
  const headers = { 'x-request-id': 'r1', 'x-ms-client-request-id': 'mine' };
  const answer = await fetch(`${await first.url()}/score`, { method: 'POST', body: message, headers });
  expect(await answer.json()).toEqual({ predictions: [[3, 5, 7]] });
  await first.line('collected rows cannot be uploaded for now');
  await expect.poll(async () => (await status()).collection).toMatchObject({ enabled: true, collected: 3, uploaded: 0, dropped: 0 }); // prettier-ignore
  first.signal('SIGKILL');
  expect(await first.ended).toBe('SIGKILL');

  const second = start();
  await second.line('ready to score');
  await hub.deliver('in', message, { '$.mid': 'm3' });
  await storage.open();
  await expect.poll(async () => (await storage.rows()).length, { timeout: 60_000 }).toBe(4);
  await expect.poll(async () => (await status()).collection?.uploaded).toBe(4);
  const rows = await storage.rows();
  const found = rows.map(({ requestId, correlationId, host }) => [requestId, correlationId, host] as const);
  expect(found.toSorted(([one], [other]) => (one < other ? -1 : 1))).toEqual([
    ['m1', 'c', 'edge'],
    ['m2', 'c', 'edge'],
    ['m3', undefined, 'edge'],
    ['r1', 'mine', 'web'],
  ]);
  expect(rows.every(({ values }) => values['x_0'] === '1' && !('x_1' in values) && values['x_2'] === '3')).toBe(true);

  hub.patchDesired({ $version: 2, collection: { sampling: { rate: 2 } } });
  await expect.poll(async () => (await status()).settings).toMatchObject({ status: 'refused', desiredVersion: 2 });
  expect((await status()).settings.reason).toContain('$.collection.sampling.rate');
  hub.patchDesired({ $version: 3, collection: { sampling: null, enabled: false } });
  await expect.poll(async () => (await status()).collection?.enabled).toBe(false);
  await hub.deliver('in', message, { '$.mid': 'm4' });
  hub.patchDesired({ $version: 4, collection: { enabled: true, sampling: { rate: 0, confidence: { below: 4, pointer: POINTER } } } }); // prettier-ignore
  await expect.poll(async () => (await status()).collection?.enabled).toBe(true);
  await hub.deliver('in', message, { '$.mid': 'm5' });
  await expect.poll(async () => (await status()).collection?.sampledOut).toBe(1);
  second.signal('SIGTERM');
  expect(await second.ended).toBe(0);
  expect(await storage.rows()).toHaveLength(4);
});

it('ends at once when it is to collect and cannot', async () => {
  const root = await createAppRoot(affineOnnx());
  onTestFinished(() => root[Symbol.asyncDispose]());
  const scorer = new ScorerProcess({ AML_APP_ROOT: root.directory, AML_MODEL_DC_STORAGE_ENABLED: 'true' });
  onTestFinished(() => scorer[Symbol.asyncDispose]());
  expect(await scorer.ended).toBe(2);
  const { err } = await scorer.line('the scorer ends');
  expect(err).toMatchObject({
    code: 'CollectionInvalid',
    message: expect.stringContaining('there is no destination') as string,
  });
});
