import { ModelsError } from '../models-error.ts';

/** A run, an experiment or an artifact that is not there, or cannot be told. */
export function runNotFound(store: string, reason: string): ModelsError {
  return new ModelsError('RunNotFound', `cannot register from a run of "${store}": ${reason}`, {
    details: { store, reason },
  });
}

/** A store that cannot be read. */
export function storeFailed(store: string, reason: string, cause?: unknown): ModelsError {
  return new ModelsError('TrackingStoreFailed', `cannot read the tracking store "${store}": ${reason}`, {
    details: { store, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * The parts of a path inside a run's artifacts.
 *
 * @throws ModelsError `RunNotFound` when it leads out of them
 */
export function assetParts(store: string, assetPath: string): readonly string[] {
  const parts = assetPath.split('/').filter((part) => part !== '' && part !== '.');
  const isWithin = parts.length > 0 && !assetPath.startsWith('/') && !/[\\\0]/.test(assetPath) && !parts.includes('..');
  if (isWithin) return parts;
  throw runNotFound(store, `"${assetPath}" is no path inside the artifacts of a run`);
}
