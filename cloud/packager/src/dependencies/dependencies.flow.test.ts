import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { platforms } from '@edgewright/contract';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TestNpmRegistry } from '../../../../test/support/test-npm-registry.ts';
import { bundleEntry } from '../bundle-entry.ts';
import { dependenciesLayer } from '../layers/dependencies-layer.ts';
import type { TarEntry } from '../layers/tar-entry.ts';
import { installDependencies } from './install-dependencies.ts';
import { readDependencies } from './read-dependencies.ts';
import type { Dependencies } from './read-dependencies.ts';

const natives = [
  { name: '@plant/native-linux-x64', os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
  { name: '@plant/native-linuxmusl-x64', os: ['linux'], cpu: ['x64'], libc: ['musl'] },
  { name: '@plant/native-linux-arm64', os: ['linux'], cpu: ['arm64'] },
  { name: '@plant/native-linux-arm', os: ['linux'], cpu: ['arm'] },
  { name: '@plant/native-darwin-arm64', os: ['darwin'], cpu: ['arm64'] },
];

interface Setup {
  readonly folder: string;
  readonly cacheDirectory: string;
  readonly registry: TestNpmRegistry;
  readonly dependencies: Dependencies;
}

/** A package with binaries for several platforms, as its optional dependencies and as folders of prebuildify. */
async function createSetup(lockChange: object = {}): Promise<Setup> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-dependencies-'));
  const registry = await TestNpmRegistry.forTest(
    [
      {
        manifest: { name: 'plant', version: '1.0.0', main: 'index.js' },
        files: {
          'index.js': 'module.exports = 1',
          'prebuilds/linux-x64/plant.node': 'x64',
          'prebuilds/linux-arm/plant.node': 'arm',
          'prebuilds/win32-x64/plant.node': 'windows',
        },
      },
      ...natives.map((native) => ({
        manifest: { ...native, version: '1.0.0' },
        files: { 'native.node': native.name },
      })),
    ],
    folder,
  );
  const locked = (name: string): object => ({
    version: '1.0.0',
    resolved: registry.archiveUrl(name),
    integrity: registry.integrityOf(name),
  });
  const optionalDependencies = Object.fromEntries(natives.map(({ name }) => [name, '1.0.0']));
  const project = { name: 'entry', dependencies: { plant: '1.0.0' }, optionalDependencies };
  await writeLocked(folder, project, {
    'node_modules/plant': { ...locked('plant'), hasInstallScript: true },
    ...Object.fromEntries(
      natives.map(({ name, ...limits }) => [`node_modules/${name}`, { ...locked(name), ...limits, optional: true }]),
    ),
    ...lockChange,
  });
  const dependencies = await readDependencies('package.json', folder);
  if (dependencies === undefined) throw new TypeError('a package.json was named');
  return { folder, cacheDirectory: path.join(folder, 'cache'), registry, dependencies };
}

async function writeLocked(folder: string, project: object, packages: object): Promise<void> {
  const lock = { name: 'entry', lockfileVersion: 3, requires: true, packages: { '': project, ...packages } };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(project));
  await writeFile(path.join(folder, 'package-lock.json'), JSON.stringify(lock));
}

/** Below `node_modules` of the entry script. */
function filesIn(entries: readonly TarEntry[]): string[] {
  return entries
    .filter((entry) => entry.type === 'file')
    .map(({ path: place }) => place.split('entry/node_modules/')[1] ?? '');
}

describe('packages of an entry script', () => {
  it('are installed with the binaries of each platform, and without running anything of them', async () => {
    const { cacheDirectory, dependencies } = await createSetup();
    expect(dependencies.packages).toEqual([...natives.map(({ name }) => name), 'plant'].toSorted());
    expect(dependencies.withInstallScripts).toEqual(['plant']);
    const found: Record<string, string[]> = {};
    for (const platform of platforms) {
      const layer = dependenciesLayer(dependencies, platform, { cacheDirectory });
      found[platform] = filesIn(await layer.entries()).filter((file) => file.endsWith('.node'));
    }
    expect(found).toEqual({
      amd64: ['@plant/native-linux-x64/native.node', 'plant/prebuilds/linux-x64/plant.node'],
      arm64v8: ['@plant/native-linux-arm64/native.node'],
      arm32v7: ['@plant/native-linux-arm/native.node', 'plant/prebuilds/linux-arm/plant.node'],
    });
  }, 240_000);

  it('are installed once, and are found by the script into which they are not bundled', async () => {
    const { folder, cacheDirectory, dependencies, registry } = await createSetup();
    const first = await installDependencies(dependencies, 'amd64', { cacheDirectory });
    await writeFile(path.join(folder, 'score.ts'), "import one from 'plant';\nexport const run = (): number => one;\n");
    const bundle = await bundleEntry({ entryScript: 'score.ts' }, folder, dependencies.packages);
    const script = path.join(folder, 'app', bundle?.path ?? '');
    await mkdir(path.dirname(script), { recursive: true });
    for (const file of bundle?.files ?? []) await writeFile(path.join(folder, 'app', file.path), file.content);
    await symlink(first, path.join(path.dirname(script), 'node_modules'));
    const { run } = (await import(/* @vite-ignore */ script)) as { run: () => unknown };
    expect(run()).toBe(1);
    const fetched = registry.fetched.length;
    expect(await installDependencies(dependencies, 'amd64', { cacheDirectory })).toBe(first);
    expect(registry.fetched).toHaveLength(fetched);
    expect(await readdir(path.join(cacheDirectory, 'packages'))).toHaveLength(1);
  }, 240_000);

  it('that are not what the lock says are refused, with what npm said', async () => {
    const { cacheDirectory, dependencies, folder, registry } = await createSetup();
    const project = { name: 'entry', dependencies: { plant: '1.0.0' } };
    const integrity = registry.integrityOf('@plant/native-linux-arm');
    await writeLocked(folder, project, {
      'node_modules/plant': { version: '1.0.0', resolved: registry.archiveUrl('plant'), integrity },
    });
    await expect(installDependencies(dependencies, 'amd64', { cacheDirectory })).rejects.toMatchObject({
      code: 'DependenciesInvalid',
      message: expect.stringMatching(/for amd64.*EINTEGRITY/s) as string,
    });
    expect(await readdir(path.join(cacheDirectory, 'packages'))).toEqual([]);
  }, 240_000);
});

describe('readDependencies', () => {
  it.each([
    ['a folder of this machine', { 'node_modules/own': { resolved: '../own', link: true } }, 'this machine'],
    ['tfjs-node', { 'node_modules/@tensorflow/tfjs-node': { version: '4.22.0' } }, 'Node.js 23'],
  ])('refuses %s in the lock', async (_, change, words) => {
    await expect(createSetup(change)).rejects.toThrow(words);
  });

  it.each([
    ['environment.yml', 'it is a conda file'],
    ['score.ts', 'it is no package.json'],
    ['package.json', 'there is no package-lock.json beside it'],
    ['other/package.json', 'no such file'],
  ])('refuses %s: %s', async (name, words) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-dependencies-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await mkdir(path.join(folder, 'other'));
    await writeFile(path.join(folder, 'package.json'), '{}');
    await expect(readDependencies(name, folder)).rejects.toMatchObject({
      code: 'DependenciesInvalid',
      message: expect.stringContaining(words) as string,
    });
  });
});
