import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ErrorOptions, InferenceConfig } from '@edgewright/contract';
import { build } from 'esbuild';
import type { BuildFailure, Message } from 'esbuild';
import { commonOptions } from './bundle/common-options.ts';
import type { BundledFile } from './bundle-scorer.ts';
import { PackagerError } from './packager-error.ts';

/** An entry script with everything that it imports, in one file. */
export interface EntryBundle {
  /** Where the script is inside the app root: `entry/score.mjs`. */
  readonly path: string;
  /** The script and its source map, by paths inside the app root. */
  readonly files: readonly BundledFile[];
}

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs'];
const SHOWN_ERRORS = 5;

/**
 * Bundles the entry script that a configuration names; undefined when it names none.
 *
 * @param installed packages that are installed beside the script, and so not bundled
 * @throws PackagerError `EntryScriptInvalid` with file, line, column and reason
 */
export async function bundleEntry(
  config: InferenceConfig,
  configDirectory: string,
  installed: readonly string[] = [],
): Promise<EntryBundle | undefined> {
  if (config.entryScript === undefined) return undefined;
  const sourceDirectory = path.resolve(configDirectory, config.sourceDirectory ?? '.');
  const script = locateScript(config.entryScript, sourceDirectory);
  const inside = path.relative(sourceDirectory, script).split(path.sep).join('/');
  const name = inside.slice(0, -path.extname(inside).length);
  try {
    const result = await build({
      ...commonOptions,
      external: [...commonOptions.external, ...installed.flatMap((one) => [one, `${one}/*`])],
      absWorkingDir: sourceDirectory,
      entryPoints: { [name]: script },
      outdir: path.join(sourceDirectory, 'entry'),
      outExtension: { '.js': '.mjs' },
    });
    const output = Object.values(result.metafile.outputs).find((one) => one.entryPoint !== undefined);
    requireRun(config.entryScript, script, output?.exports ?? []);
    const files = result.outputFiles.map((file) => ({
      path: path.relative(sourceDirectory, file.path).split(path.sep).join('/'),
      content: file.contents,
    }));
    return { path: `entry/${name}.mjs`, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
  } catch (cause) {
    if (!isBuildFailure(cause)) throw cause;
    throw bundleFailed(config.entryScript, sourceDirectory, cause);
  }
}

function locateScript(entryScript: string, sourceDirectory: string): string {
  const script = path.resolve(sourceDirectory, entryScript);
  const inside = path.relative(sourceDirectory, script);
  if (inside.startsWith('..') || path.isAbsolute(inside)) {
    throw invalid(entryScript, `it is not in the source directory "${sourceDirectory}"`);
  }
  if (!EXTENSIONS.includes(path.extname(script))) {
    throw invalid(entryScript, `its name must end in ${EXTENSIONS.join(', ')}`);
  }
  if (!existsSync(script)) throw invalid(entryScript, `there is no such file in "${sourceDirectory}"`);
  if (!statSync(script).isFile()) throw invalid(entryScript, 'it is not a file');
  return script;
}

function requireRun(entryScript: string, script: string, names: readonly string[]): void {
  if (names.includes('run')) return;
  const found = names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`;
  throw invalid(entryScript, `it must export a function "run", and ${found}`, {
    details: { file: script, line: 1, column: 1 },
  });
}

function bundleFailed(entryScript: string, sourceDirectory: string, failure: BuildFailure): PackagerError {
  const errors = failure.errors.map((error) => placedText(error, sourceDirectory));
  const more = errors.length - SHOWN_ERRORS;
  const shown = errors.slice(0, SHOWN_ERRORS).join('; ');
  const location = failure.errors.find((error) => error.location !== null)?.location;
  const place =
    location === undefined || location === null
      ? {}
      : { file: path.join(sourceDirectory, location.file), line: location.line, column: location.column + 1 };
  return invalid(entryScript, more > 0 ? `${shown}; and ${more} more` : shown, {
    details: { ...place, errors },
    cause: failure,
  });
}

/** `score.ts:3:9: Could not resolve "lodash"`; esbuild counts columns from 0, and everybody else from 1. */
function placedText(error: Message, sourceDirectory: string): string {
  if (error.location === null) return error.text;
  const { file, line, column } = error.location;
  return `${path.join(sourceDirectory, file)}:${line}:${column + 1}: ${error.text}`;
}

function isBuildFailure(cause: unknown): cause is BuildFailure {
  return cause instanceof Error && 'errors' in cause && Array.isArray(cause.errors);
}

function invalid(entryScript: string, reason: string, facts: ErrorOptions = {}): PackagerError {
  return new PackagerError('EntryScriptInvalid', `cannot bundle the entry script "${entryScript}": ${reason}`, {
    ...facts,
    details: { entryScript, reason, ...facts.details },
  });
}
