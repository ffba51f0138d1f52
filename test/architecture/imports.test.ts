import { builtinModules } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { cyclesOf } from './cycles.ts';
import { layers } from './layers.ts';
import { readPackage, workspacePackages } from './repository.ts';
import { scanRepository } from './scan.ts';
import type { SourceFile } from './source-file.ts';

const scan = scanRepository();
const workspaces = workspacePackages();
const folderOfName = new Map(workspaces.map((workspace) => [workspace.name, workspace.folder]));
const folderOfFile = (file: string): string | undefined =>
  workspaces.find((workspace) => file.startsWith(`${workspace.folder}/`))?.folder;
const isTestFile = (file: SourceFile): boolean => /\.(test|tst)\.ts$/.test(file.path);
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
const isBuiltin = (specifier: string): boolean =>
  specifier.startsWith('node:') || builtinModules.includes(packageOf(specifier));

/** The file that an import leads to, relative to the root, when it is one of ours. */
function targetOf(file: SourceFile, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(file.path), specifier);
  const folder = folderOfName.get(specifier);
  return folder === undefined ? undefined : `${folder}/src/index.ts`;
}

it('looks at every TypeScript file there is', () => {
  expect(scan.missed).toEqual([]);
  expect(scan.workspaceSources.length).toBeGreaterThan(40);
});

describe('layers', () => {
  it('have a row for every workspace', () => {
    expect(layers.map((layer) => layer.folder).toSorted()).toEqual(workspaces.map((w) => w.folder).toSorted());
  });

  it.each(layers.map((layer) => [layer.folder, layer] as const))('%s keeps to its row', (folder, layer) => {
    const files = scan.workspaceSources.filter((file) => folderOfFile(file.path) === folder);
    const breaches = files.flatMap((file) =>
      file.imports.flatMap(({ specifier, line }) => {
        const target = folderOfName.get(packageOf(specifier));
        if (target === undefined || target === folder || layer.mayImport.includes(target)) return [];
        return [`${file.path}:${line} imports ${specifier}, but ${layer.reason}`];
      }),
    );
    expect(files.length).toBeGreaterThan(0);
    expect(breaches).toEqual([]);
  });

  it('let contract import nothing but the schema library', () => {
    const foreign = scan.workspaceSources
      .filter((file) => file.path.startsWith('contract/'))
      .flatMap((file) => file.imports.map((site) => ({ ...site, file: file.path })))
      .filter(({ specifier }) => !specifier.startsWith('.') && packageOf(specifier) !== 'typebox');
    expect(foreign).toEqual([]);
  });

  it('are crossed by name, never by a path into another workspace', () => {
    const breaches = scan.files.flatMap((file) =>
      file.imports.flatMap(({ specifier, line }) => {
        const inner = folderOfName.has(packageOf(specifier)) && !folderOfName.has(specifier);
        const target = targetOf(file, specifier);
        const left =
          specifier.startsWith('.') && target !== undefined && folderOfFile(target) !== folderOfFile(file.path);
        const testSupport = target?.startsWith('test/support/') === true && isTestFile(file);
        // the bench and the demo of an example are programs of the repository, not of a workspace
        const loose =
          target !== undefined && folderOfFile(target) === undefined && folderOfFile(file.path) === undefined;
        return inner || (left && !testSupport && !loose) ? [`${file.path}:${line} imports ${specifier}`] : [];
      }),
    );
    expect(breaches).toEqual([]);
  });

  it('have nothing in them that imports tests or benches', () => {
    const breaches = scan.sources.flatMap((file) =>
      file.imports
        .map(({ specifier }) => targetOf(file, specifier) ?? '')
        .filter((target) => target.startsWith('test/') || target.startsWith('bench/'))
        // benches measure with what tests try with: the same tiny models, brokers and certificates
        .filter((target) => !file.path.startsWith('bench/') || !/^(bench|test\/support)\//.test(target))
        .map((target) => `${file.path} imports ${target}`),
    );
    expect(breaches).toEqual([]);
  });
});

describe('imports', () => {
  it('name only packages that the workspace declares', () => {
    const undeclared = workspaces.flatMap(({ folder, name, dependencies }) =>
      scan.workspaceSources
        .filter((file) => folderOfFile(file.path) === folder)
        .flatMap((file) => file.imports.map(({ specifier, line }) => ({ specifier, place: `${file.path}:${line}` })))
        .filter(({ specifier }) => !specifier.startsWith('.') && !isBuiltin(specifier))
        .filter(({ specifier }) => packageOf(specifier) !== name && !(packageOf(specifier) in dependencies))
        .map(({ specifier, place }) => `${place} imports ${specifier}, which ${folder}/package.json lacks`),
    );
    expect(undeclared).toEqual([]);
  });

  it('name built-in modules with "node:", and files with their ending', () => {
    const breaches = scan.files.flatMap((file) =>
      file.imports
        .filter(({ specifier }) =>
          specifier.startsWith('.')
            ? path.posix.extname(specifier) === '' || /\.[cm]?js$/.test(specifier)
            : isBuiltin(specifier) && !specifier.startsWith('node:'),
        )
        .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}`),
    );
    expect(breaches).toEqual([]);
  });

  it('make no cycle, type-only imports included', () => {
    const known = new Set(scan.files.map((file) => file.path));
    const graph = new Map(
      scan.files.map((file) => [
        file.path,
        file.imports.map(({ specifier }) => targetOf(file, specifier) ?? '').filter((target) => known.has(target)),
      ]),
    );
    expect([...graph.values()].flat().length).toBeGreaterThan(graph.size);
    expect(cyclesOf(graph).map((cycle) => cycle.join(' -> '))).toEqual([]);
  });
});

describe('the published package', () => {
  it('depends on exactly what its workspaces depend on, in the same versions', () => {
    const union = new Map<string, Set<string>>();
    for (const { dependencies } of workspaces) {
      for (const [name, version] of Object.entries(dependencies)) {
        if (!folderOfName.has(name)) union.set(name, (union.get(name) ?? new Set<string>()).add(version));
      }
    }
    const wanted = Object.fromEntries([...union].map(([name, versions]) => [name, [...versions].join(' and ')]));
    expect(readPackage('.').dependencies).toEqual(wanted);
  });

  it('names every version exactly', () => {
    const { dependencies = {}, devDependencies = {} } = readPackage('.');
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^(npm:[\w-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    );
    expect(loose).toEqual([]);
  });
});
