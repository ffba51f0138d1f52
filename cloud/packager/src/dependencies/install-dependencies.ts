import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import { runNpm } from '../npm/run-npm.ts';
import { PackagerError } from '../packager-error.ts';
import type { Dependencies } from './read-dependencies.ts';

/** What npm calls each platform. Images have glibc: musl has no Node.js and no onnxruntime here. */
const npmPlatforms: Readonly<Record<Platform, readonly string[]>> = {
  amd64: ['--os=linux', '--cpu=x64', '--libc=glibc'],
  arm64v8: ['--os=linux', '--cpu=arm64', '--libc=glibc'],
  arm32v7: ['--os=linux', '--cpu=arm', '--libc=glibc'],
};

const INSTALL = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Installs packages for a platform, which need not be this machine's: npm takes the binaries of that one, and no script of
 * a package runs. What was installed before is taken again.
 *
 * @returns the folder `node_modules`
 * @throws PackagerError `DependenciesInvalid`
 */
export async function installDependencies(
  wanted: Dependencies,
  platform: Platform,
  { cacheDirectory, signal }: { readonly cacheDirectory: string; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const { name } = wanted;
  const folder = path.join(cacheDirectory, 'packages', `dependencies-${platform}-${wanted.digest}`);
  const modules = path.join(folder, 'node_modules');
  if (existsSync(folder)) return modules;
  const staging = `${folder}-${randomUUID()}`;
  await mkdir(path.join(staging, 'node_modules'), { recursive: true });
  try {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
      const source = path.join(wanted.directory, file);
      if (existsSync(source)) await copyFile(source, path.join(staging, file));
    }
    const { code, said } = await runNpm([...INSTALL, ...npmPlatforms[platform]], { folder: staging, signal });
    if (code !== 0) throw failed(name, `for ${platform}: ${said.trim() || `npm ended with ${code}`}`);
    await rm(path.join(staging, '.npmrc'), { force: true });
    // another build may have installed the same meanwhile, which is as good
    await rename(staging, folder).catch((cause: unknown) => {
      if (!existsSync(folder)) throw failed(name, `for ${platform}: ${messageOf(cause)}`, cause);
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause instanceof PackagerError ? cause : failed(name, `for ${platform}: ${messageOf(cause)}`, cause);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return modules;
}

function failed(name: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError(
    'DependenciesInvalid',
    `cannot install the packages of "${name}" ($.dependencies) ${reason}`,
    {
      details: { file: name, reason },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
