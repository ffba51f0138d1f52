import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { TestNpmRegistry } from '../../../../test/support/test-npm-registry.ts';
import { PackagerError } from '../packager-error.ts';
import { findNodeFiles, nodePackages } from './node-package.ts';
import type { NpmPackage } from './npm-package.ts';

interface Setup {
  readonly cache: string;
  readonly wanted: NpmPackage;
  /** How often the archive was fetched. */
  readonly fetched: () => number;
}

/** A registry of npm on this machine, with one package that looks like one of Node.js. */
async function createRegistry(): Promise<Setup> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-npm-'));
  const manifest = { name: 'node-linux-test', version: '1.0.0' };
  const registry = await TestNpmRegistry.forTest(
    [{ manifest, files: { 'bin/node': 'binary', LICENSE: 'MIT' } }],
    folder,
  );
  const wanted = { ...manifest, integrity: registry.integrityOf('node-linux-test') };
  return { cache: path.join(folder, 'cache'), wanted, fetched: () => registry.fetched.length };
}

async function failure(action: Promise<unknown>): Promise<PackagerError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PackagerError) return error;
  throw new TypeError(`expected a PackagerError, not ${String(error)}`, { cause: error });
}

describe('findNodeFiles', () => {
  it('takes what is installed', async () => {
    const { cache, fetched } = await createRegistry();
    const { node, license } = await findNodeFiles(nodePackages.amd64, cache);
    expect((await readFile(node)).subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(await readFile(license, 'utf8')).toContain('Node.js');
    expect(fetched()).toBe(0);
  });

  it('fetches what is not, once, and checks it', async () => {
    const { cache, wanted, fetched } = await createRegistry();
    const first = await findNodeFiles(wanted, cache);
    expect(await readFile(first.node, 'utf8')).toBe('binary');
    expect(await readFile(first.license, 'utf8')).toBe('MIT');
    expect(await findNodeFiles(wanted, cache)).toEqual(first);
    expect(fetched()).toBe(1);
  });

  it('refuses another archive than the one it knows, and keeps nothing of it', async () => {
    const { cache, wanted } = await createRegistry();
    const error = await failure(findNodeFiles({ ...wanted, integrity: 'sha512-other' }, cache));
    expect(error.code).toBe('RuntimePackageMissing');
    expect(error.message).toContain('instead of sha512-other');
    expect(await readdir(path.join(cache, 'packages'))).toEqual([]);
  });

  it('says why npm could not fetch', async () => {
    const { cache, wanted } = await createRegistry();
    const error = await failure(findNodeFiles({ ...wanted, name: 'node-linux-none' }, cache));
    expect(error.message).toContain('"npm pack" failed');
    expect(error.message).toContain('404');
  });

  it('stops fetching when it is told to', async () => {
    const { cache, wanted } = await createRegistry();
    await expect(findNodeFiles(wanted, cache, AbortSignal.timeout(50))).rejects.toThrow('aborted');
    expect(await readdir(path.join(cache, 'packages'))).toEqual([]);
  });
});
