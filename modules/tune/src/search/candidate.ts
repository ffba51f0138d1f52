import { executionProviderName } from '@edgewright/contract';
import type { EngineSettings } from '@edgewright/contract';

/** The variant that every model has: itself. */
export const REFERENCE_VARIANT = 'reference';

/** One way to run the model. */
export interface Candidate {
  /** A text for people that no other candidate has, such as `onnx, 2 workers × 1 thread, batches of 16`. */
  readonly name: string;
  /** The model file: `reference`, or the name of a variant such as `int8`. */
  readonly variant: string;
  /** What goes before how the model is served without them. */
  readonly settings: EngineSettings;
}

/** The candidate that everything is compared with: the model as it is served now. */
export function defaultCandidate(settings: EngineSettings): Candidate {
  return { name: 'default', variant: REFERENCE_VARIANT, settings };
}

/** A candidate with the name that follows from its settings. */
export function namedCandidate(variant: string, settings: EngineSettings): Candidate {
  return {
    name: [...(variant === REFERENCE_VARIANT ? [] : [variant]), ...partsOf(settings)].join(', '),
    variant,
    settings,
  };
}

function partsOf({ backend, executionProviders, execution, workers, threads, batching }: EngineSettings): string[] {
  const provider = executionProviders?.[0];
  const place =
    workers === undefined ? (execution ?? 'auto') : counted(workers, execution === 'process' ? 'process' : 'worker');
  const { maxSize = 1, maxDelayMs = 0 } = batching ?? {};
  return [
    [backend ?? 'auto', ...(provider === undefined ? [] : [executionProviderName(provider)])].flat().join('/'),
    [place, ...(threads === undefined ? [] : [counted(threads, 'thread')])].join(' × '),
    ...(maxSize === 1 ? [] : [`batches of ${maxSize}${maxDelayMs === 0 ? '' : ` within ${maxDelayMs} ms`}`]),
  ];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : what.endsWith('s') ? 'es' : 's'}`;
}
