import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BlobServiceClient, ContainerSASPermissions } from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BatchJob, BatchResult } from '@edgewright/contract';
import { layOutApp } from '@edgewright/packager';
import { Workspace } from '@edgewright/workspace';
import { startAzurite } from '../support/start-azurite.ts';
import type { Azurite } from '../support/start-azurite.ts';
import { affineOnnx } from '../support/tiny-models.ts';

/** Counts what is in files, and sees that their names are theirs. */
const SCRIPT = `
  import { readFile } from 'node:fs/promises';
  import path from 'node:path';
  export async function run(items, { miniBatch }) {
    if (typeof items[0] !== 'string') return items.map(({ n, word }) => word + n);
    return await Promise.all(items.map(async (file, i) => {
      const text = await readFile(file, 'utf8');
      if (path.basename(file) !== path.basename(miniBatch.items[i].file)) throw new Error('another file');
      return text === '' ? new Error('the file is empty') : text.length;
    }));
  }`;

let root: string;
let app: string;
let azurite: Azurite;
let container: ContainerClient;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'edgewright-blob-'));
  azurite = await startAzurite();
  container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient('work');
  await container.create();
  const modelFile = path.join(root, 'affine.onnx');
  await writeFile(modelFile, affineOnnx());
  await writeFile(path.join(root, 'score.mjs'), SCRIPT);
  await using workspace = await Workspace.open(path.join(root, 'workspace'));
  const model = await workspace.models.register({ name: 'affine', path: modelFile });
  const models = [{ model, directory: await workspace.models.directoryOf(model) }];
  const config = { entryScript: 'score.mjs' };
  app = (await layOutApp({ models, config, configDirectory: root, directory: path.join(root, 'app') })).directory;
}, 180_000);

afterAll(async () => {
  await azurite[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

async function put(name: string, content: string | Uint8Array): Promise<void> {
  const bytes = Buffer.from(content);
  await container.getBlockBlobClient(name).upload(bytes, bytes.length);
}

async function read(name: string): Promise<string> {
  return (await container.getBlobClient(name).downloadToBuffer()).toString();
}

/** Runs a node of a job that stands in the container, as an image on another machine would. */
async function run(name: string, job: Partial<BatchJob>, shard = '0/1'): Promise<BatchResult | undefined> {
  const url = `${azurite.url}/work`;
  const whole = {
    schemaVersion: 1,
    name,
    inputs: [],
    output: `${url}/out/${name}`,
    sideInputs: {},
    arguments: [],
    ...job,
  };
  await put(`jobs/${name}/job.json`, JSON.stringify(whole));
  const words = ['batch', 'run', '--job', `${url}/jobs/${name}`, '--shard', shard];
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', path.join(app, 'scorer/main.mjs'), ...words],
    {
      env: {
        PATH: process.env['PATH'] ?? '',
        AML_APP_ROOT: app,
        AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString,
      },
      stdio: 'ignore',
    },
  );
  await new Promise((resolve) => child.once('exit', resolve));
  const written = await read(`jobs/${name}/result.json`).catch(() => undefined);
  return written === undefined ? undefined : (JSON.parse(written) as BatchResult);
}

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('scores the blobs below a prefix, which the script reads as files, and keeps its state and logs there', async () => {
  for (let i = 0; i < 5; i += 1) await put(`notes/${i % 2}/note-${i}.txt`, 'x'.repeat(i));
  const result = await run('files', {
    inputs: [`${azurite.url}/work/notes`],
    miniBatchSize: 2,
    processCountPerNode: 1,
  });
  expect(result).toMatchObject({ state: 'Completed', items: 5, succeededItems: 4, failedItems: 1, miniBatches: 3 });
  expect(lines(await read('out/files/parallel_run_step.txt'))).toEqual([
    { file: '0/note-2.txt', result: 2 },
    { file: '0/note-4.txt', result: 4 },
    { file: '1/note-1.txt', result: 1 },
    { file: '1/note-3.txt', result: 3 },
  ]);
  expect(lines(await read('out/files/failed_items.jsonl'))).toEqual([
    { file: '0/note-0.txt', error: 'the file is empty' },
  ]);
  expect(await read('jobs/files/logs/job_progress_overview.txt')).toContain(
    'first failure: 0/note-0.txt: the file is empty',
  );
  expect(await read('jobs/files/nodes/0/status.json')).toContain('"state":"Completed"');
});

it('reads tables by their ranges with a signature that may only read, Parquet among them, on two nodes', async () => {
  await put('tables/a.csv', `n,word\n${Array.from({ length: 40 }, (_, n) => `${n},"a ""word"",\n"`).join('\n')}\n`);
  const n = Int32Array.from({ length: 30 }, (_, i) => 100 + i);
  const columnData = [
    { name: 'n', data: n },
    { name: 'word', data: Array.from(n, () => 'p') },
  ];
  await put('tables/b.parquet', new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 20 })));
  const signed = await container.generateSasUrl({
    permissions: ContainerSASPermissions.parse('rl'),
    expiresOn: new Date(Date.now() + 3_600_000),
  });
  const inputs = [signed.replace('?', '/tables?')];
  const job = { inputs, miniBatchSize: 100, nodeCount: 2, processCountPerNode: 1, appendRowFileName: 'scores.csv' };
  expect(await run('tables', job, '0/2')).toBeUndefined();
  expect(await run('tables', job, '1/2')).toMatchObject({ state: 'Completed', items: 70, succeededItems: 70 });
  const text = await read('out/tables/scores.csv');
  expect(text.startsWith('file,row,result\na.csv,0,"a ""word"",\n0"\n')).toBe(true);
  expect(text.endsWith('b.parquet,29,p129\n')).toBe(true);
  // what the job keeps of its address is in its own place, and nowhere in what people read
  expect(await read('jobs/tables/logs/sys/master_role.0.txt')).not.toContain('sig=');
});

it('says what it may not do, and how access is given', async () => {
  await put('notes/0/x.txt', 'x');
  const denied = `${azurite.url}/elsewhere/data?sv=2020-08-04&ss=b&srt=sco&sp=r&sig=bm90aGluZw%3D%3D`;
  expect(await run('denied', { inputs: [denied] })).toBeUndefined();
  const status = JSON.parse(await read('jobs/denied/nodes/0/status.json')) as { state: string; reason: string };
  expect(status.state).toBe('Failed');
  expect(status.reason).toContain(
    'give a shared access signature in the address, or set AZURE_STORAGE_CONNECTION_STRING',
  );
  expect(status.reason).not.toContain('sig=');
});
