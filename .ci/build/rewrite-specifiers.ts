import path from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/**
 * Rewrites the import specifiers of a declaration file: workspaces become relative paths, and `.ts` becomes `.js`. Also
 * gives the declaration files that it then refers to.
 *
 * @param options.file the file's path, relative to the folder of all declarations
 * @param options.workspaces index file, relative to the same folder, by workspace name
 */
export function rewriteSpecifiers(
  text: string,
  options: { readonly file: string; readonly workspaces: ReadonlyMap<string, string> },
): { text: string; refersTo: string[] } {
  const edits: { start: number; end: number; target: string }[] = [];
  const visit = (node: { value: unknown; start: number; end: number } | null): void => {
    if (node === null || typeof node.value !== 'string') return;
    const target = targetOf(node.value, options);
    if (target !== undefined) edits.push({ start: node.start, end: node.end, target });
  };
  new Visitor({
    ImportDeclaration: ({ source }) => visit(source),
    ExportNamedDeclaration: ({ source }) => visit(source),
    ExportAllDeclaration: ({ source }) => visit(source),
    TSImportType: ({ source }) => visit(source),
  }).visit(parseSync(options.file, text).program);
  let rewritten = text;
  for (const edit of edits.toSorted((a, b) => b.start - a.start)) {
    rewritten = rewritten.slice(0, edit.start) + JSON.stringify(edit.target) + rewritten.slice(edit.end);
  }
  const folder = path.posix.dirname(options.file);
  const refersTo = edits.map((edit) => path.posix.join(folder, edit.target.replace(/\.js$/, '.d.ts')));
  return { text: rewritten, refersTo };
}

function targetOf(
  specifier: string,
  { file, workspaces }: { readonly file: string; readonly workspaces: ReadonlyMap<string, string> },
): string | undefined {
  const index = workspaces.get(specifier);
  if (index !== undefined) {
    const relative = path.posix.relative(path.posix.dirname(file), index);
    return (relative.startsWith('.') ? relative : `./${relative}`).replace(/\.ts$/, '.js');
  }
  return specifier.startsWith('.') && specifier.endsWith('.ts') ? specifier.replace(/\.ts$/, '.js') : undefined;
}
