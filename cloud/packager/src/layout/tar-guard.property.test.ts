import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import tar from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { tarHeader } from '../layers/tar-header.ts';
import { writeTar } from '../layers/write-tar.ts';
import { tarGuard } from './tar-guard.ts';

const LIMITS = { totalBytes: 10_000_000 };

async function through(pieces: readonly Buffer[], limits = LIMITS): Promise<Buffer> {
  const kept: Buffer[] = [];
  await pipeline(Readable.from(pieces), tarGuard(limits), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) kept.push(chunk);
  });
  return Buffer.concat(kept);
}

function piecesOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** A header of a member that another program would write: pax and GNU have the same fields. */
function rawHeader(type: string, sizeBytes: number): Buffer {
  const header = Buffer.from(tarHeader({ path: 'x', type: 'file', mode: 0o644, sizeBytes }));
  header.write(type, 156, 'latin1');
  return header;
}

describe('tarGuard', () => {
  it('passes on whatever this program writes, in pieces of any size', async () => {
    const entry = fc.record({
      path: fc.stringMatching(/^[a-zä/]{1,150}$/),
      content: fc.uint8Array({ maxLength: 2000 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
        async (entries, sizes) => {
          const bytes = Buffer.concat(
            await Array.fromAsync(writeTar(entries.map((one) => ({ type: 'bytes' as const, ...one })))),
          );
          const passed = await through(piecesOf(bytes, sizes));
          expect(createHash('sha256').update(passed).digest('hex')).toBe(
            createHash('sha256').update(bytes).digest('hex'),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('passes on whatever tar-stream writes, links and long names among it', async () => {
    const name = fc.stringMatching(/^[a-zäöü/]{1,200}$/);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, name), { maxLength: 4 }), async (links) => {
        const pack = tar.pack();
        for (const [from, to] of links) pack.entry({ name: from, type: 'symlink', linkname: to });
        pack.finalize();
        const bytes = Buffer.concat(await Array.fromAsync(pack as AsyncIterable<Buffer>));
        expect((await through(piecesOf(bytes, [700]))).equals(bytes)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('holds nothing of an archive without meaning', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
        const passed = await through([Buffer.from(bytes)]).catch((error: unknown) => error);
        expect(passed instanceof RangeError || Buffer.from(bytes).equals(passed as Buffer)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['x', 'g', 'L', 'K'])(
    'refuses an extended header (%s) that is too large to hold, before it comes',
    async (type) => {
      await expect(through([rawHeader(type, 8_000_000_000)])).rejects.toThrow('an extended header of 8000000000 bytes');
    },
  );

  it('finds such a header behind a member whose size stands in a pax header', async () => {
    const record = Buffer.alloc(512);
    record.write('13 size=1024\n', 'latin1');
    const archive = [rawHeader('x', 13), record, rawHeader('0', 0), Buffer.alloc(1024), rawHeader('L', 2_000_000)];
    await expect(through(archive)).rejects.toThrow('an extended header of 2000000 bytes');
  });

  it('refuses an archive without end', async () => {
    await expect(through([Buffer.alloc(2000)], { totalBytes: 1999 })).rejects.toThrow('more than 1999 bytes');
  });
});
