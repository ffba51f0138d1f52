import type { Engine } from './engine.ts';
import type { EngineOptions } from './engine-options.ts';
import { EngineError } from './engine-error.ts';

/**
 * Loads the models, starts the workers, runs `init()` and warms up.
 *
 * @throws EngineError `BackendUnavailable`, `ModelNotLoadable`, `EntryScriptNotLoadable`
 */
export function createEngine(_options: EngineOptions): Promise<Engine> {
  return Promise.reject(new EngineError('BackendUnavailable', 'no backend is built in yet'));
}
