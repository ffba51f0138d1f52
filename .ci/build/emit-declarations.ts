import { execFile } from 'node:child_process';
import { glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { rewriteSpecifiers } from './rewrite-specifiers.ts';

/** What programs import: the SDK, the engine alone, the client of services. */
const ENTRIES = ['cloud/workspace/src/index.ts', 'modules/engine/src/index.ts', 'modules/client/src/index.ts'];

/**
 * Writes the declaration files of what is exported and of all that they refer to, and no others. A consumer has no workspaces, so imports of
 * `@edgewright/NAME` become relative paths, and `.ts` becomes `.js`.
 *
 * @returns the paths of the files written, relative to `outDirectory`
 */
export async function emitDeclarations(root: string, outDirectory: string): Promise<string[]> {
  const workspaces = await workspaceEntries(root);
  await mkdir(outDirectory, { recursive: true });
  const project = path.join(outDirectory, 'tsconfig.json');
  await writeFile(project, JSON.stringify(projectFor({ root, outDirectory, workspaces })));
  await promisify(execFile)(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', project]);
  await rm(project);
  const kept = new Set<string>();
  for (const open = ENTRIES.map((entry) => entry.replace(/\.ts$/, '.d.ts')); open.length > 0;) {
    const file = open.pop() ?? '';
    if (kept.has(file)) continue;
    kept.add(file);
    const place = path.join(outDirectory, file);
    const { text, refersTo } = rewriteSpecifiers(await readFile(place, 'utf8'), { file, workspaces });
    await writeFile(place, text);
    open.push(...refersTo);
  }
  for await (const file of glob('**/*.d.ts', { cwd: outDirectory })) {
    if (!kept.has(file)) await rm(path.join(outDirectory, file));
  }
  return [...kept].toSorted();
}

/** The index file of each workspace, relative to the root, by the workspace's name. */
async function workspaceEntries(root: string): Promise<ReadonlyMap<string, string>> {
  const read = async (folder: string): Promise<{ name: string; workspaces?: string[] }> =>
    JSON.parse(await readFile(path.join(root, folder, 'package.json'), 'utf8')) as { name: string };
  const { workspaces = [] } = await read('.');
  return new Map(
    await Promise.all(
      workspaces.map(async (folder) => [(await read(folder)).name, `${folder}/src/index.ts`] as [string, string]),
    ),
  );
}

function projectFor(options: {
  readonly root: string;
  readonly outDirectory: string;
  readonly workspaces: ReadonlyMap<string, string>;
}): object {
  const { root, outDirectory, workspaces } = options;
  return {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      // `npm run types` has checked already
      noCheck: true,
      skipLibCheck: true,
      rootDir: root,
      outDir: outDirectory,
      typeRoots: [path.join(root, 'node_modules/@types')],
      // found by path, a workspace is a source; found through node_modules it would be foreign, and emit nothing
      paths: Object.fromEntries([...workspaces].map(([name, file]) => [name, [path.join(root, file)]])),
    },
    include: [],
    files: ENTRIES.map((entry) => path.join(root, entry)),
  };
}
