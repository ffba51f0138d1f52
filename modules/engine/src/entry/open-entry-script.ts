import type { Preprocess } from '@edgewright/contract';
import type { EngineLogger } from '../engine-logger.ts';
import { decodeImage } from '../images/decode-image.ts';
import { planImage } from '../images/image-plan.ts';
import { checkInputs } from '../scoring/check-inputs.ts';
import type { LoadedSession, Sessions } from '../scoring/open-sessions.ts';
import type { UnitConfig } from '../scoring/unit-config.ts';
import type { EntryContext, ScriptModel } from './entry-script.ts';
import type { ScriptSurroundings } from './mini-batch.ts';
import { loadEntryScript } from './load-entry-script.ts';
import type { LoadedScript } from './load-entry-script.ts';

const noSurroundings: ScriptSurroundings = { arguments: [], sideInputs: {} };

/**
 * Loads the entry script of a unit, when it has one, and calls its `init()`.
 *
 * @throws EngineError `EntryScriptNotLoadable`
 */
export async function openEntryScript(
  config: UnitConfig,
  sessions: Sessions,
  log: EngineLogger,
): Promise<LoadedScript | undefined> {
  if (config.entryScript === undefined) return undefined;
  const models = new Map(sessions.all.map((loaded) => [loaded.model.name, scriptModel(loaded, config.tensorElements)]));
  const names = [...models.keys()];
  const get = (name?: string): ScriptModel => {
    const model = name === undefined && models.size === 1 ? [...models.values()][0] : models.get(name ?? '');
    if (model !== undefined) return model;
    throw new RangeError(
      name === undefined
        ? `there are several models, name one: ${names.join(', ')}`
        : `there is no model "${name}"; there is ${names.join(', ')}`,
    );
  };
  const context: EntryContext = {
    ...noSurroundings,
    ...config.scriptSurroundings,
    modelDirectory: config.modelDirectory,
    log,
    models: { names, get },
    decodeImage: async (bytes, { model: name, ...settings } = {}) => {
      const model = get(name);
      const merged: Preprocess = { ...config.images?.preprocess, ...settings };
      const plan = planImage(`${model.name}:${model.version}`, model.signature.inputs, merged);
      return decodeImage(bytes, plan, config.imagePixels);
    },
  };
  return loadEntryScript(config.entryScript, context);
}

function scriptModel({ model, session }: LoadedSession, maxElements: number): ScriptModel {
  const { signature } = session;
  return {
    name: model.name,
    version: model.version,
    path: model.path,
    signature,
    run: async (inputs) => {
      checkInputs({ model: `${model.name}:${model.version}`, signature, maxElements }, inputs);
      return session.run(inputs);
    },
  };
}
