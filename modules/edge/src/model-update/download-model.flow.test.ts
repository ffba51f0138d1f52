import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { RangeServer } from '../../../../test/support/range-server.ts';
import type { RangeServerFault } from '../../../../test/support/range-server.ts';
import { downloadModel } from './download-model.ts';

const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
const sha256 = createHash('sha256').update(content).digest('hex');

async function setUp(...faults: RangeServerFault[]) {
  const server = await RangeServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  server.files.set('m.onnx', content);
  if (faults.length > 0) server.faults = faults;
  const file = path.join(await temporaryFolder(), 'part');
  const download = (change: { url?: string; sizeBytes?: number } = {}) =>
    downloadModel({
      url: server.url('m.onnx?sig=secret'),
      sha256,
      file,
      signal: new AbortController().signal,
      onProgress: () => {},
      ...change,
    });
  return { server, file, download };
}

describe('downloadModel', () => {
  it('goes on where the connection ended', async () => {
    const { server, file, download } = await setUp({ cutAfter: 50_000 }, 'none');
    await expect(download()).rejects.toMatchObject({ code: 'ModelUnavailable' });
    expect(await download()).toBe(true);
    expect(await readFile(file)).toEqual(content);
    expect(server.ranges).toEqual(['', 'bytes=50000-']);
    expect(await download()).toBe(true);
  });

  it('begins again when what is there is longer than what is to come', async () => {
    const { file, download, server } = await setUp();
    await writeFile(file, Buffer.alloc(10));
    server.files.set('m.onnx', Buffer.from('short'));
    server.faults = [{ status: 416 }, 'none'];
    expect(await download()).toBe(false);
    expect(await readFile(file, 'utf8')).toBe('short');
  });

  it.each([
    [404, 'ModelRejected'],
    [403, 'ModelRejected'],
    [429, 'ModelUnavailable'],
    [503, 'ModelUnavailable'],
  ])('answers to a status %i with %s, and keeps the secrets of the address', async (status, code) => {
    const { download } = await setUp({ status });
    const failure = (await download().catch((error: unknown) => error)) as { code: string; message: string };
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(String(status));
    expect(failure.message).not.toContain('secret');
  });

  it('refuses a size that was not said, before it reads', async () => {
    const { download, server } = await setUp();
    await expect(download({ sizeBytes: 10 })).rejects.toMatchObject({
      code: 'ModelRejected',
      message: expect.stringContaining('model.sizeBytes is 10') as string,
    });
    server.files.set('m.onnx', content.subarray(0, 5));
    await expect(download({ sizeBytes: 10 })).rejects.toMatchObject({ code: 'ModelRejected' });
  });

  it('refuses what no disk can hold', async () => {
    const { download } = await setUp({ announce: 2 ** 52 });
    await expect(download({ sizeBytes: 2 ** 52 })).rejects.toMatchObject({
      code: 'ModelStoreUnusable',
      message: expect.stringContaining('bytes are free') as string,
    });
  });

  it('reads files, and says when there is none', async () => {
    const { download, file } = await setUp();
    const source = path.join(path.dirname(file), 'source.onnx');
    await expect(download({ url: pathToFileURL(source).href })).rejects.toMatchObject({ code: 'ModelRejected' });
    await writeFile(source, content);
    expect(await download({ url: pathToFileURL(source).href })).toBe(false);
    expect(await readFile(file)).toEqual(content);
  });
});
