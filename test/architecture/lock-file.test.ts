import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readPackage, repositoryRoot, workspacePackages } from './repository.ts';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly hasInstallScript?: boolean;
}

const lock = JSON.parse(readFileSync(path.join(repositoryRoot, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};
const entries = Object.entries(lock.packages);
const names = new Set(
  entries.map(([place]) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)),
);

it('has the binaries of every platform, without which npm ci fails', () => {
  const missing = entries.flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !names.has(name))
      .map((name) => `${place} wants ${name}`),
  );
  expect(entries.length).toBeGreaterThan(100);
  expect(missing).toEqual([]);
});

it('agrees with the package.json of every workspace', () => {
  const root = lock.packages[''];
  expect({ ...root?.dependencies, ...root?.devDependencies }).toEqual({
    ...readPackage('.').dependencies,
    ...readPackage('.').devDependencies,
  });
  for (const { folder, dependencies } of workspacePackages()) {
    expect(lock.packages[folder]?.dependencies ?? {}, folder).toEqual(dependencies);
  }
});

it('names no host, so that everybody installs from the registry of their own', () => {
  const resolved = entries.filter(([, { resolved: url = '' }]) => /^https?:/.test(url));
  expect(resolved).toEqual([]);
});

it('has no package with an install script that package.json does not deny', () => {
  const { allowScripts } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')) as {
    readonly allowScripts: Readonly<Record<string, boolean>>;
  };
  const scripted = entries.filter(([, { hasInstallScript }]) => hasInstallScript).map(([place]) => place);
  const bare = scripted.map((place) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length));
  expect(bare.filter((name) => allowScripts[name] !== false)).toEqual([]);
});
