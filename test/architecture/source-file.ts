import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import type { Comment, VisitorObject } from 'oxc-parser';
import { repositoryRoot } from './repository.ts';

/** One import or re-export, `import()` expressions and `import('…')` types included. */
export interface ImportSite {
  readonly specifier: string;
  readonly line: number;
  /** True for `export … from`. */
  readonly reExport: boolean;
}

/** A parsed TypeScript file of the repository. */
export interface SourceFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly lineCount: number;
  readonly imports: readonly ImportSite[];
  readonly comments: readonly Comment[];
  /** The line, from 1, of a character offset. */
  lineAt(offset: number): number;
  /** Walks the syntax tree. */
  visit(visitor: VisitorObject): void;
}

/** Folders that hold no code of ours, at any depth. */
const FOREIGN_FOLDERS = new Set(['node_modules', 'dist', 'generated', 'coverage', '.git', '.edgewright', '.cache']);

/** Every TypeScript file below a folder (relative to the root), sorted; foreign folders are left out. */
export function listSources(folder: string): string[] {
  return readdirSync(path.join(repositoryRoot, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const place = path.posix.join(folder, entry.name);
      if (entry.isDirectory()) return FOREIGN_FOLDERS.has(entry.name) ? [] : listSources(place);
      return entry.isFile() && entry.name.endsWith('.ts') ? [place] : [];
    })
    .toSorted();
}

/** Reads and parses one file; a file that is not TypeScript fails the test that asked for it. */
export function parseSource(file: string): SourceFile {
  const text = readFileSync(path.join(repositoryRoot, file), 'utf8');
  const result = parseSync(file, text);
  const fault = result.errors[0];
  if (fault !== undefined) throw new SyntaxError(`${file}: ${fault.message}`);
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map((match) => match.index + 1)];
  const lineAt = (offset: number): number => lineStarts.findLastIndex((start) => start <= offset) + 1;
  const imports: ImportSite[] = [];
  const add = (specifier: unknown, offset: number, reExport = false): void => {
    if (typeof specifier === 'string') imports.push({ specifier, line: lineAt(offset), reExport });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source.value, node.start),
    ExportNamedDeclaration: (node) => add(node.source?.value, node.start, true),
    ExportAllDeclaration: (node) => add(node.source.value, node.start, true),
    ImportExpression: (node) => add(node.source.type === 'Literal' ? node.source.value : undefined, node.start),
    TSImportType: (node) => add(node.source.value, node.start),
  }).visit(result.program);
  return {
    path: file,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports,
    comments: result.comments,
    lineAt,
    visit: (visitor) => new Visitor(visitor).visit(result.program),
  };
}
