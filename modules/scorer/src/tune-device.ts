import type { TuningFound } from '@edgewright/contract';
import type { ModelSlot, TuneDevice } from '@edgewright/edge';
import { engineOf, summariseTuning, tune } from '@edgewright/tune';
import type { MeasuredEngine } from '@edgewright/tune';

const MEGABYTE = 2 ** 20;

/**
 * How the edge module finds out how its model runs best: with the model in force, against the settings in force.
 *
 * @param settings what the engine is made of beside its models
 */
export function tuneDevice(models: ModelSlot, settings: Omit<MeasuredEngine, 'models' | 'modelDirectory'>): TuneDevice {
  return async (request, { signal, onProgress }): Promise<TuningFound> => {
    // as the module was started: what the desired properties say on top is what it is compared with
    const { warmUp, ...engine } = { ...models.optionsFor(models.active, undefined, {}), ...settings };
    const { budgetSeconds = 60, maxP99Ms, maxMemoryMb, concurrency = 1, ratePerSecond, objective, seed } = request;
    const samples = request.samples ?? warmUp;
    const report = await tune({
      engine,
      settings: models.settings,
      ...(samples === undefined ? {} : { samples }),
      load: { concurrency, ...(ratePerSecond === undefined ? {} : { rate: ratePerSecond }) },
      bounds: {
        ...(maxP99Ms === undefined ? {} : { maxP99Ms }),
        ...(maxMemoryMb === undefined ? {} : { maxMemoryBytes: maxMemoryMb * MEGABYTE }),
      },
      ...(objective === undefined ? {} : { objective }),
      ...(seed === undefined ? {} : { seed }),
      budgetMs: budgetSeconds * 1000,
      isLowPriority: request.whileScoring === true,
      signal,
      onStep: ({ round, rounds, done, of }) => onProgress(`round ${round} of ${rounds}, ${done + 1} of ${of}`),
    });
    return { engine: engineOf(report), ...summariseTuning(report) };
  };
}
