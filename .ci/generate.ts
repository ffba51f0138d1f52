/**
 * Writes the files that follow from the sources: docs/errors.md, docs/lint.md, the page of services and the JSON
 * Schema files. With `--check` it writes nothing, and fails with a diff when one of them is stale.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { lintPage } from '@edgewright/manifests';
import { errorPage } from './generate/error-page.ts';
import { lineDiff } from './generate/line-diff.ts';
import { schemaFiles } from './generate/schema-files.ts';
import { scoringPage } from './generate/scoring-page.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const SCHEMA_FOLDER = 'contract/generated/schemas';
const MAX_DIFF_LINES = 60;

/** Every generated file by its path relative to the root. */
function generatedFiles(): Map<string, string> {
  const files = new Map([
    ['docs/errors.md', errorPage()],
    ['docs/lint.md', lintPage()],
    ['modules/web/generated/page.json', scoringPage(root)],
  ]);
  for (const [name, text] of schemaFiles()) files.set(`${SCHEMA_FOLDER}/${name}`, text);
  return files;
}

/** What stands on the disk, or undefined where there is no such file. */
async function present(file: string): Promise<string | undefined> {
  return readFile(path.join(root, file), 'utf8').catch(() => undefined);
}

/** Schema files of schemas that are no more. */
async function leftovers(files: ReadonlyMap<string, string>): Promise<string[]> {
  const names = await readdir(path.join(root, SCHEMA_FOLDER)).catch(() => []);
  return names.map((name) => `${SCHEMA_FOLDER}/${name}`).filter((file) => !files.has(file));
}

async function check(files: ReadonlyMap<string, string>): Promise<number> {
  const stale: string[] = (await leftovers(files)).map((file) => `${file}: nothing generates it any more`);
  for (const [file, wanted] of files) {
    const found = await present(file);
    if (found === undefined) stale.push(`${file}: missing`);
    else if (found !== wanted) {
      const diff = lineDiff(found, wanted);
      const more = diff.length > MAX_DIFF_LINES ? [`… ${diff.length - MAX_DIFF_LINES} more lines`] : [];
      stale.push([`${file}: stale`, ...diff.slice(0, MAX_DIFF_LINES), ...more].join('\n'));
    }
  }
  if (stale.length === 0) return 0;
  process.stderr.write(`${stale.join('\n')}\nRun "npm run generate" and commit what it writes.\n`);
  return 1;
}

async function write(files: ReadonlyMap<string, string>): Promise<number> {
  for (const file of await leftovers(files)) await rm(path.join(root, file));
  for (const [file, text] of files) {
    if ((await present(file)) === text) continue;
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
    process.stdout.write(`wrote ${file}\n`);
  }
  return 0;
}

const files = generatedFiles();
process.exitCode = process.argv.includes('--check') ? await check(files) : await write(files);
