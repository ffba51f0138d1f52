import type { Engine } from './engine.ts';
import type { EngineOptions } from './engine-options.ts';
import { startEngine } from './start-engine.ts';
import { SwappableEngine } from './swappable-engine.ts';

/**
 * Loads the models, starts the workers, runs `init()` and warms up.
 *
 * @throws EngineError `BackendUnavailable`, `ModelNotLoadable`, `EntryScriptNotLoadable`, `WorkerLost`,
 *   `WarmUpFailed`; what `signal.reason` is, when the signal fires first
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  return new SwappableEngine(await startEngine(options), options);
}
