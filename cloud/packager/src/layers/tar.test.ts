import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import tar from 'tar-stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PackagerError } from '../packager-error.ts';
import { arrangeEntries } from './tar-entry.ts';
import type { BytesEntry, TarEntry } from './tar-entry.ts';
import { tarHeader } from './tar-header.ts';
import { writeTar } from './write-tar.ts';

interface Unpacked {
  readonly path: string;
  readonly type: string;
  readonly mode: number;
  readonly owner: string;
  readonly mtime: number;
  readonly content: string;
}

async function bytesOf(entries: readonly TarEntry[]): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(writeTar(entries)));
}

/** Reads with tar-stream, which shares no code with the writer. */
async function unpack(archive: Buffer): Promise<Unpacked[]> {
  const found: Unpacked[] = [];
  const extract = tar.extract();
  Readable.from([archive]).pipe(extract);
  for await (const entry of extract) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const { name, type, mode, uid, gid, uname, gname, mtime } = entry.header;
    found.push({
      path: name,
      type,
      mode,
      owner: `${uid}:${gid}${uname}${gname}`,
      mtime: mtime.getTime(),
      content: Buffer.concat(chunks).toString('hex'),
    });
  }
  return found;
}

const text = (path: string, content: string): BytesEntry => ({ type: 'bytes', path, content: Buffer.from(content) });

describe('arrangeEntries', () => {
  it('sorts, and adds the folders from the root on', () => {
    const arranged = arrangeEntries('var/app', [
      text('var/app/b/c/d', 'x'),
      text('var/app/a', 'y'),
      text('var/app/b.c', ''),
    ]);
    expect(arranged.map((entry) => `${entry.type} ${entry.path}`)).toEqual([
      'directory var/app',
      'bytes var/app/a',
      'directory var/app/b',
      'bytes var/app/b.c',
      'directory var/app/b/c',
      'bytes var/app/b/c/d',
    ]);
  });

  it.each(['../x', '/x', 'a//b', 'a/./b', 'a/..'])('refuses the path %s', (path) => {
    expect(() => arrangeEntries('a', [text(path, '')])).toThrow(RangeError);
  });

  it('refuses the same path twice', () => {
    expect(() => arrangeEntries('a', [text('a/b', ''), text('a/b', '')])).toThrow('twice');
  });
});

describe('writeTar', () => {
  it('gives archives that another program reads as they were meant', async () => {
    const segment = fc.oneof(
      fc.stringMatching(/^[a-z0-9_.-]{1,60}$/),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    );
    const file = fc.record({
      path: fc
        .array(segment, { minLength: 1, maxLength: 8 })
        .map((parts) => parts.map((part) => part.replace(/[/\0\n]|^\.+$/gu, '_').trim() || '_').join('/')),
      content: fc.uint8Array({ maxLength: 1500 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(file, { selector: (one) => one.path, maxLength: 6 }), async (files) => {
        const entries = files.map((one): TarEntry => ({ type: 'bytes', ...one }));
        const unpacked = await unpack(await bytesOf(entries));
        expect(unpacked).toEqual(
          files.map((one) => ({
            path: one.path,
            type: 'file',
            mode: 0o644,
            owner: '0:0',
            mtime: 0,
            content: Buffer.from(one.content).toString('hex'),
          })),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('is the same to the byte for the same entries', async () => {
    // the digest is written down: it must not change with Node.js, the machine or the time
    const archive = await bytesOf(arrangeEntries('app', [text('app/b', 'b'), text('app/ä', 'a')]));
    expect(createHash('sha256').update(archive).digest('hex')).toMatchInlineSnapshot(
      `"9c9a997a2e5a996021f6dda5dc1cfb593e64ad1d7a97af5930aa2581f79028cf"`,
    );
  });

  it('marks folders and programs as such', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-tar-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const source = path.join(folder, 'program');
    await writeFile(source, '#!/bin/sh\n');
    const unpacked = await unpack(
      await bytesOf([
        { type: 'directory', path: 'd'.repeat(120) },
        { type: 'file', path: 'run', source, sizeBytes: 10, executable: true },
      ]),
    );
    expect(unpacked.map(({ path, type, mode }) => ({ path, type, mode }))).toEqual([
      { path: `${'d'.repeat(120)}/`, type: 'directory', mode: 0o755 },
      { path: 'run', type: 'file', mode: 0o755 },
    ]);
  });

  it.each([
    ['longer', 9, {}, 'it has more than 9 bytes'],
    ['shorter', 11, {}, 'it has 10 of 11 bytes'],
    ['another one', 10, { sha256: '0'.repeat(64) }, 'its SHA-256 is'],
  ])('refuses a file that is %s than it should be', async (_, sizeBytes, extra, words) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-tar-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const source = path.join(folder, 'file');
    await writeFile(source, '0123456789');
    const reading = bytesOf([{ type: 'file', path: 'f', source, sizeBytes, ...extra }]);
    await expect(reading).rejects.toThrow(words);
    await expect(reading).rejects.toBeInstanceOf(PackagerError);
  });
});

describe('tarHeader', () => {
  it('writes sizes above 8 GiB into an extended header', () => {
    const header = Buffer.from(tarHeader({ path: 'huge', type: 'file', mode: 0o644, sizeBytes: 2 ** 40 }));
    expect(header.toString('latin1')).toContain('22 size=1099511627776\n');
    expect(header.length).toBe(3 * 512);
  });
});
