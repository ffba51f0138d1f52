import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseChallenge } from '@edgewright/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeImageLayout } from '../../../test/support/make-image-layout.ts';
import { TestRegistry } from '../../../test/support/test-registry.ts';
import { readBaseImage } from './base/read-base-image.ts';
import { exportImage } from './export-image.ts';
import { parseImageReference } from './image-reference.ts';
import { ImageLayout } from './layout/image-layout.ts';
import { PackagerError } from './packager-error.ts';
import { pullImage } from './pull-image.ts';
import { pushImage } from './push-image.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-hostile-'));
  const platforms = [{ architecture: 'amd64', layers: [{ etc: 'one' }, { bin: 'two' }] }];
  await makeImageLayout(path.join(folder, 'images'), [{ name: 'base:1', platforms }]);
});

afterAll(() => rm(folder, { recursive: true }));

/** A change of bytes: some are replaced, and the end may be missing. */
const damage = fc.record({
  at: fc.array(fc.record({ place: fc.nat(), byte: fc.nat(255) }), { maxLength: 4 }),
  keep: fc.double({ min: 0, max: 1, noNaN: true }),
  isCut: fc.boolean(),
});

function damaged(bytes: Buffer, { at, keep, isCut }: typeof damage extends fc.Arbitrary<infer T> ? T : never): Buffer {
  const copy = Buffer.from(isCut ? bytes.subarray(0, Math.floor(bytes.length * keep)) : bytes);
  for (const { place, byte } of at) if (copy.length > 0) copy[place % copy.length] = byte;
  return copy;
}

/** Fails unless the action succeeds, or fails in a way that was foreseen. */
async function mayRefuse<Result>(action: Promise<Result>): Promise<Result | undefined> {
  return await action.catch((error: unknown) => {
    if (error instanceof PackagerError) return undefined;
    throw error;
  });
}

/** A reference in full; undefined when it is refused. */
function textOf(reference: string): string | undefined {
  try {
    return parseImageReference(reference).text;
  } catch (error) {
    if (error instanceof PackagerError) return undefined;
    throw error;
  }
}

describe('whatever comes as an image', () => {
  it('as an archive is refused, or gives layers that are what their digests say', async () => {
    await exportImage({
      layoutDirectory: path.join(folder, 'images'),
      image: 'base:1',
      target: 'docker-archive:whole.tar',
      directory: folder,
      architecture: 'x64',
    });
    const whole = await readFile(path.join(folder, 'whole.tar'));
    const target = await ImageLayout.open(path.join(folder, 'target'));
    await fc.assert(
      fc.asyncProperty(damage, async (change) => {
        await writeFile(path.join(folder, 'it.tar'), damaged(whole, change));
        const base = await mayRefuse(
          readBaseImage('docker-archive:it.tar', { configDirectory: folder, platforms: ['amd64'] }),
        );
        if (base === undefined) return;
        for (const layer of base.platforms.get('amd64')?.layers ?? []) await mayRefuse(base.include(layer, target));
        expect(await readdir(target.stagingFolder)).toEqual([]);
      }),
      { numRuns: 150 },
    );
    for (const digest of await target.blobs()) {
      const hash = createHash('sha256').update(await readFile(target.blobFile(digest)));
      expect(`sha256:${hash.digest('hex')}`).toBe(digest);
    }
    expect((await readdir(folder)).toSorted()).toEqual(['images', 'it.tar', 'target', 'whole.tar']);
  }, 300_000);

  it('from a registry is refused, or is the image', async () => {
    await using registry = await TestRegistry.start();
    const target = `${registry.host}/a/b:1`;
    const { digest } = await pushImage({ layoutDirectory: path.join(folder, 'images'), image: 'base:1', target });
    const manifests = registry.manifests.get('a/b') ?? new Map();
    const blobs = registry.blobs.get('a/b') ?? new Map();
    const whole = { manifests: new Map(manifests), blobs: new Map(blobs) };
    const names = [...manifests.keys()].filter((name) => name !== digest);
    const taken = new Set<string>();
    await fc.assert(
      fc.asyncProperty(damage, fc.constantFrom(...names, ...blobs.keys()), async (change, name) => {
        const manifest = whole.manifests.get(name) as { bytes: Buffer; type: string } | undefined;
        const blob = whole.blobs.get(name) as Buffer | undefined;
        if (manifest !== undefined) manifests.set(name, { ...manifest, bytes: damaged(manifest.bytes, change) });
        if (blob !== undefined) blobs.set(name, damaged(blob, change));
        const layoutDirectory = path.join(folder, 'pulled');
        const pulled = await mayRefuse(
          pullImage({ reference: target, layoutDirectory, registry: { attempts: 1, retryDelayMs: 1 } }),
        );
        // other bytes under the tag may be another image; under a digest they never are
        taken.add(name === '1' ? digest : (pulled?.digest ?? digest));
        if (manifest !== undefined) manifests.set(name, manifest);
        if (blob !== undefined) blobs.set(name, blob);
        await rm(layoutDirectory, { recursive: true, force: true });
      }),
      { numRuns: 60 },
    );
    expect([...taken]).toEqual([digest]);
  }, 300_000);

  it('as a name is refused, or means what it says', () => {
    const part = fc.constantFrom('a', 'B', '/', ':', '.', '-', '_', '1', '@', 'localhost', '[::1]', 'latest');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
        ),
        (text) => {
          const read = textOf(text);
          expect(read === undefined ? undefined : textOf(read)).toBe(read);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('as a challenge is read without harm', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000 }), (text) => {
        const challenge = parseChallenge(`Bearer ${text}`);
        expect(challenge?.scheme).toBe('bearer');
      }),
      { numRuns: 500 },
    );
  });
});
