import { globSync } from 'node:fs';
import { repositoryRoot, workspacePackages } from './repository.ts';
import { listSources, parseSource } from './source-file.ts';
import type { SourceFile } from './source-file.ts';

/** Folders with code of ours that are no workspaces. */
export const looseFolders = ['.ci', 'bench', 'examples', 'test'] as const;

const isTest = (file: string): boolean => /\.(test|tst)\.ts$/.test(file) || file.startsWith('test/');

/** What the architecture tests look at. */
export interface Scan {
  /** Every TypeScript file, tests included. */
  readonly files: readonly SourceFile[];
  /** Files of workspaces, their tests left out: what a user runs. */
  readonly workspaceSources: readonly SourceFile[];
  /** Everything but tests: workspaces, examples, bench and build programs. */
  readonly sources: readonly SourceFile[];
  /** TypeScript files that stand in the repository and were not looked at; must be empty. */
  readonly missed: readonly string[];
}

/**
 * Parses the repository. The list of files is made a second time in another way, so that a scan that silently looks at
 * too little fails instead of being green.
 */
export function scanRepository(): Scan {
  const workspaces = workspacePackages().map((workspace) => workspace.folder);
  const files = [...workspaces, ...looseFolders].flatMap(listSources).map(parseSource);
  const scanned = new Set(files.map((file) => file.path));
  const present = globSync(['**/*.ts', '.ci/**/*.ts'], {
    cwd: repositoryRoot,
    exclude: (name) => ['node_modules', 'dist', 'generated', 'coverage', '.edgewright', '.cache'].includes(name),
  });
  const inWorkspace = (file: SourceFile): boolean =>
    workspaces.some((folder) => file.path.startsWith(`${folder}/src/`)) && !isTest(file.path);
  return {
    files,
    workspaceSources: files.filter(inWorkspace),
    sources: files.filter((file) => !isTest(file.path)),
    missed: present.filter((file) => !scanned.has(file) && file !== 'vitest.config.ts'),
  };
}
