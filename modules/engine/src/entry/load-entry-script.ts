import { pathToFileURL } from 'node:url';
import { messageOf } from '@edgewright/contract';
import { EngineError } from '../engine-error.ts';
import { placeText, scriptPlace } from '../scoring/script-place.ts';
import type { EntryContext, EntryScript } from './entry-script.ts';

let instances = 0;

/**
 * Imports an entry script and calls its `init()`.
 *
 * @param file absolute path
 * @throws EngineError `EntryScriptNotLoadable` with the reason and the place in the script
 */
export async function loadEntryScript(file: string, context: EntryContext): Promise<EntryScript> {
  const script = await importScript(file);
  if (typeof script.run !== 'function') {
    const names = Object.keys(script).join(', ');
    throw notLoadable(file, `it has no exported function "run"; its exports are ${names === '' ? 'none' : names}`);
  }
  if (script.init !== undefined && typeof script.init !== 'function') {
    throw notLoadable(file, `its export "init" is a ${typeof script.init}, not a function`);
  }
  try {
    await script.init?.(context);
  } catch (cause) {
    const place = scriptPlace(cause);
    throw notLoadable(file, `init() failed${place === undefined ? '' : ` at ${placeText(place)}`}: ${messageOf(cause)}`, cause); // prettier-ignore
  }
  return script as EntryScript;
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
