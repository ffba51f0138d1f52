import { messageOf } from '@edgewright/contract';
import { EngineError } from './engine-error.ts';
import type { EngineOptions } from './engine-options.ts';
import { modelNames } from './model-names.ts';
import type { ScoringEngine } from './scoring-engine.ts';

/**
 * Scores each of the samples as often at once as there are workers: one that is idle takes the next request, so that all of
 * them have seen it.
 *
 * @throws EngineError `WarmUpFailed` with the number of the sample and why it was not scored
 */
export async function warmUp(
  engine: ScoringEngine,
  { warmUp: samples = [], limits, workers }: EngineOptions,
): Promise<void> {
  const timeoutMs = limits?.startMs;
  for (const [index, data] of samples.entries()) {
    const requests = Array.from({ length: Math.max(1, workers ?? 1) }, () =>
      engine.score({ requestId: `warm-up ${index}`, data, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
    );
    try {
      await Promise.all(requests);
    } catch (cause) {
      const models = modelNames(engine.describe().models);
      throw new EngineError(
        'WarmUpFailed',
        `${models.join(', ')} failed the warm-up on sample ${index + 1} of ${samples.length}: ${messageOf(cause)}`,
        { details: { models, sample: index }, cause },
      );
    }
  }
}
