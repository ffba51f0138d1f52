import { randomUUID } from 'node:crypto';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { collectedRowOf, CollectedRowSchema, documentIssues, parseCollectionPath } from '@edgewright/contract';
import type { CollectedRow, CollectionFormat } from '@edgewright/contract';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startAzurite } from '../../../../test/support/start-azurite.ts';
import type { Azurite } from '../../../../test/support/start-azurite.ts';
import { openBuffers } from '../buffer/own-buffer.ts';
import type { BufferSlot } from '../buffer/own-buffer.ts';
import { openSink } from '../keeping/destination.ts';
import type { Destination } from '../keeping/destination.ts';
import type { Sink } from '../sinks/sink.ts';
import { Shipper } from './shipper.ts';

let azurite: Azurite;
let containers = 0;

beforeAll(async () => {
  azurite = await startAzurite();
}, 120_000);

afterAll(() => azurite[Symbol.asyncDispose]());

const owner = { subscription: 's', resourceGroup: 'g', workspace: 'w', service: 'svc' };

/** A container of its own for each test. */
function newContainer(): { readonly destination: Destination; readonly name: string } {
  containers += 1;
  const name = `collected-${containers}`;
  const credential = { value: azurite.connectionString };
  return { name, destination: { kind: 'blobs', container: `${azurite.url}/${name}`, credential } };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-shipping-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function newBuffer(folder?: string): Promise<BufferSlot> {
  const { own } = openBuffers(folder ?? (await temporaryFolder()), () => {});
  onTestFinished(() => own.buffer[Symbol.dispose]());
  return own;
}

function fill({ buffer }: BufferSlot, count: number, values: CollectedRow['values'] = { x: 1 }): string[] {
  const ids = Array.from({ length: count }, () => randomUUID());
  buffer.transaction(() => {
    for (const requestId of ids) {
      const at = Date.UTC(2026, 10, 30);
      const facts = { requestId, time: new Date(at).toISOString(), model: 'm', version: '1', host: 'edge' };
      const row = { ...facts, row: 0, sampledBy: 'all', values };
      buffer.add({ at, model: 'm', version: '1', sampledBy: 'all', text: JSON.stringify({ inputs: [row], predictions: [{ ...row, values: { y: 'a "quoted", text\n' } }] }) }); // prettier-ignore
    }
  });
  return ids;
}

async function shipperOf(
  destination: Destination,
  source: BufferSlot,
  format: CollectionFormat = 'csv',
): Promise<Shipper> {
  const sink = await openSink(destination);
  return new Shipper({ sink, source, owner, format, sharesFiles: destination.kind === 'blobs' });
}

/** A sink with some of its work done otherwise. */
function but(sink: Sink, other: Partial<Sink>): Sink {
  return {
    look: (file) => sink.look(file),
    firstLine: (file) => sink.firstLine(file),
    append: (...call) => sink.append(...call),
    contains: (...call) => sink.contains(...call),
    put: (...call) => sink.put(...call),
    prune: (now) => sink.prune(now),
    ...other,
  };
}

/** All rows of a container, by designation, and the names of its blobs. */
async function collected(
  name: string,
): Promise<{ inputs: CollectedRow[]; predictions: CollectedRow[]; names: string[] }> {
  const container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(name);
  const found = { inputs: [] as CollectedRow[], predictions: [] as CollectedRow[], names: [] as string[] };
  for await (const blob of container.listBlobsFlat()) {
    const place = parseCollectionPath(blob.name);
    expect(place).toMatchObject({ ...owner, model: 'm', version: '1', day: '2026-11-30' });
    found.names.push(blob.name);
    const bytes = await container.getBlobClient(blob.name).downloadToBuffer();
    if (place !== undefined) found[place.designation].push(...(await rowsOf(bytes, place.format)));
  }
  return found;
}

async function rowsOf(bytes: Buffer, format: CollectionFormat): Promise<CollectedRow[]> {
  const records =
    format === 'csv'
      ? (parse(bytes, { columns: true }) as Record<string, unknown>[])
      : format === 'parquet'
        ? ((await parquetReadObjects({ file: Uint8Array.from(bytes).buffer })) as Record<string, unknown>[])
        : undefined;
  const rows = records?.map(collectedRowOf) ?? bytes.toString().trimEnd().split('\n').map((line) => JSON.parse(line) as CollectedRow); // prettier-ignore
  for (const row of rows) expect(documentIssues(CollectedRowSchema, row)).toEqual([]);
  return rows as CollectedRow[];
}

const idsOf = (rows: readonly CollectedRow[]): string[] => rows.map(({ requestId }) => requestId).toSorted();

describe('what a buffer holds', () => {
  it.each(['csv', 'jsonl', 'parquet'] as const)('goes to blobs as %s, where both designations join', async (format) => {
    const { destination, name } = newContainer();
    const source = await newBuffer();
    const shipper = await shipperOf(destination, source, format);
    const ids = fill(source, 20);
    expect(await shipper.shipNext()).toBe(20);
    ids.push(...fill(source, 5));
    expect(await shipper.shipNext()).toBe(5);
    expect(await shipper.shipNext()).toBeUndefined();
    const { inputs, predictions, names } = await collected(name);
    expect(idsOf(inputs)).toEqual(ids.toSorted());
    expect(idsOf(predictions)).toEqual(ids.toSorted());
    expect(predictions[0]?.values).toEqual({ y: 'a "quoted", text\n' });
    const file = format === 'parquet' ? /\/data-[0-9a-f-]{36}\.parquet$/ : new RegExp(`/data\\.${format}$`);
    expect(names.filter((each) => file.test(each))).toHaveLength(format === 'parquet' ? 4 : 2);
    expect(names).toHaveLength(format === 'parquet' ? 4 : 2);
  });

  it('goes to one file with that of others, each once, and other columns to a file beside it', async () => {
    const { destination, name } = newContainer();
    const ids: string[] = [];
    const all = await Promise.all(
      Array.from({ length: 4 }, async (_, number) => {
        const source = await newBuffer();
        const shipper = await shipperOf(destination, source);
        return async () => {
          for (let batch = 0; batch < 4; batch += 1) {
            // the first of two kinds of columns makes the file; fewer columns fit into it
            ids.push(...fill(source, 3, number < 2 ? { x: 1 } : { x: 1, z: 2 }));
            await shipper.shipNext();
          }
        };
      }),
    );
    await Promise.all(all.map((run) => run()));
    const { inputs, predictions, names } = await collected(name);
    expect(idsOf(inputs)).toEqual(ids.toSorted());
    expect(idsOf(predictions)).toEqual(ids.toSorted());
    expect(names.filter((each) => each.endsWith('/predictions/2026/11/30/data.csv'))).toHaveLength(1);
    expect(names.length).toBeLessThanOrEqual(3);
  });

  it('waits while the destination is away', async () => {
    const source = await newBuffer();
    const away = { kind: 'blobs', container: 'http://127.0.0.1:9/devstoreaccount1/c', credential: { value: 'sv=1&sig=x' } } as const; // prettier-ignore
    const ids = fill(source, 3);
    await expect((await shipperOf(away, source)).shipNext()).rejects.toMatchObject({ code: 'CollectionUploadFailed' });
    const { destination, name } = newContainer();
    expect(await (await shipperOf(destination, source)).shipNext()).toBe(3);
    expect(idsOf((await collected(name)).inputs)).toEqual(ids.toSorted());
  });

  it('is there once when the answer to a write was lost, whoever wrote since', async () => {
    const { destination, name } = newContainer();
    const sink = await openSink(destination);
    const source = await newBuffer();
    const ids = fill(source, 2);
    // written, and the process ends before it knows
    const deaf = but(sink, {
      append: async (...call) => {
        await sink.append(...call);
        throw new TypeError('the line is cut');
      },
    });
    const cut = new Shipper({ sink: deaf, source, owner, format: 'csv', sharesFiles: true });
    await expect(cut.shipNext()).rejects.toThrow('the line is cut');
    const other = await newBuffer();
    ids.push(...fill(other, 2));
    await (await shipperOf(destination, other)).shipNext();
    const again = await shipperOf(destination, source);
    expect(await again.shipNext()).toBe(2);
    const { inputs, predictions } = await collected(name);
    expect(idsOf(inputs)).toEqual(ids.toSorted());
    expect(idsOf(predictions)).toEqual(ids.toSorted());
  });

  it('is in a folder once when a write was torn', async () => {
    const folder = await temporaryFolder();
    const destination = { kind: 'folder', folder, limits: { maxBytes: 1e9, maxDays: undefined } } as const;
    const sink = await openSink(destination);
    const source = await newBuffer(path.join(folder, '.collection'));
    await (await shipperOf(destination, source)).shipNext();
    const first = fill(source, 2);
    await (await shipperOf(destination, source)).shipNext();
    const second = fill(source, 2);
    const torn = but(sink, {
      append: async (file, position, bytes) => {
        await sink.append(file, position, bytes.subarray(0, bytes.length / 2));
        throw new TypeError('the power goes');
      },
    });
    const cut = new Shipper({ sink: torn, source, owner, format: 'jsonl', sharesFiles: false });
    await expect(cut.shipNext()).rejects.toThrow('the power goes');
    expect(await (await shipperOf(destination, source, 'jsonl')).shipNext()).toBe(2);
    const read = async (format: CollectionFormat) => rowsOf(await readFile(path.join(folder, `s/g/w/svc/m/1/inputs/2026/11/30/data.${format}`)), format); // prettier-ignore
    expect(idsOf(await read('csv'))).toEqual(first.toSorted());
    expect(idsOf(await read('jsonl'))).toEqual(second.toSorted());
  });
});

describe('a process that uploads', () => {
  it('may be killed at any time: nothing is lost, nothing is there twice', async () => {
    const { destination, name } = newContainer();
    const folder = await temporaryFolder();
    const first = await newBuffer(folder);
    const ids: string[] = [];
    for (let batch = 0; batch < 40; batch += 1) ids.push(...fill(first, 4));
    first.buffer[Symbol.dispose]();
    const program = path.join(import.meta.dirname, 'ship-buffer-main.ts');
    let kills = 0;
    let exits: { code: number | null; signal: string | null } = { code: null, signal: 'SIGKILL' };
    while (exits.signal === 'SIGKILL') {
      const child = fork(program, [JSON.stringify({ folder, destination, owner })], { execArgv: ['--conditions=edgewright-source', '--disable-warning=ExperimentalWarning'] }); // prettier-ignore
      let batches = 0;
      child.on('message', () => {
        batches += 1;
        // somewhere in the work on the batches after these
        if (batches === 3 + kills && kills < 4) setTimeout(() => child.kill('SIGKILL'), kills * 3);
      });
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      exits = { code, signal };
      if (signal === 'SIGKILL') kills += 1;
    }
    expect(exits.code).toBe(0);
    expect(kills).toBe(4);
    const { inputs, predictions } = await collected(name);
    expect(idsOf(inputs)).toEqual(ids.toSorted());
    expect(idsOf(predictions)).toEqual(ids.toSorted());
  });
});
