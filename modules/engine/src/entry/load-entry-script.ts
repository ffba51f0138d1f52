import { pathToFileURL } from 'node:url';
import { messageOf } from '@edgewright/contract';
import { EngineError } from '../engine-error.ts';
import { placeText, scriptPlace } from '../scoring/script-place.ts';
import { readDeclaration } from '../schema/read-declaration.ts';
import type { SchemaNode } from '../schema/schema-node.ts';
import type { EntryContext, EntryScript } from './entry-script.ts';

/** An entry script that is ready to run. */
export interface LoadedScript {
  readonly run: (data: unknown, ...rest: unknown[]) => unknown;
  readonly raw: boolean;
  readonly input?: SchemaNode;
  readonly output?: SchemaNode;
}

let instances = 0;

/**
 * Imports an entry script and calls its `init()`.
 *
 * @param file absolute path
 * @throws EngineError `EntryScriptNotLoadable` with the reason and the place in the script
 */
export async function loadEntryScript(file: string, context: EntryContext): Promise<LoadedScript> {
  const script = await importScript(file);
  if (typeof script.run !== 'function') {
    const names = Object.keys(script).join(', ');
    throw notLoadable(file, `it has no exported function "run"; its exports are ${names === '' ? 'none' : names}`);
  }
  if (script.init !== undefined && typeof script.init !== 'function') {
    throw notLoadable(file, `its export "init" is a ${typeof script.init}, not a function`);
  }
  const declared = readDeclarations(file, script);
  try {
    await script.init?.(context);
  } catch (cause) {
    const place = scriptPlace(cause);
    throw notLoadable(file, `init() failed${place === undefined ? '' : ` at ${placeText(place)}`}: ${messageOf(cause)}`, cause); // prettier-ignore
  }
  return { run: script.run as LoadedScript['run'], raw: script.raw === true, ...declared };
}

function readDeclarations(
  file: string,
  { raw, input, output }: Partial<EntryScript>,
): Pick<LoadedScript, 'input' | 'output'> {
  if (raw !== undefined && typeof raw !== 'boolean')
    throw notLoadable(file, `its export "raw" is a ${typeof raw}; it must be true or false`);
  if (raw === true && input !== undefined) {
    throw notLoadable(
      file,
      'it exports both "raw" and "input": a request is either given as it came or checked against a declaration',
    );
  }
  try {
    return {
      ...(input === undefined ? {} : { input: readDeclaration(input, 'input') }),
      ...(output === undefined ? {} : { output: readDeclaration(output, 'output') }),
    };
  } catch (cause) {
    throw notLoadable(file, `what it declares cannot be read: ${messageOf(cause)}`, cause);
  }
}

async function importScript(file: string): Promise<Partial<EntryScript>> {
  // each engine gets a module of its own, also when two of them share this thread
  instances += 1;
  const url = pathToFileURL(file);
  url.searchParams.set('instance', String(instances));
  try {
    return (await import(url.href)) as Partial<EntryScript>;
  } catch (cause) {
    const place = scriptPlace(cause);
    throw notLoadable(file, `${place === undefined ? '' : `at ${placeText(place)}: `}${messageOf(cause)}`, cause);
  }
}

function notLoadable(file: string, reason: string, cause?: unknown): EngineError {
  const place = cause === undefined ? undefined : scriptPlace(cause);
  return new EngineError('EntryScriptNotLoadable', `cannot load the entry script ${file}: ${reason}`, {
    details: { entryScript: file, ...place },
    cause,
  });
}
