import { EngineError } from '../engine-error.ts';
import type { EngineModel } from '../engine-options.ts';

/** The error of a model that a backend refuses. @param reason the runtime's own */
export function notLoadable(model: EngineModel, reason: string, cause?: unknown): EngineError {
  const { name, version, path } = model;
  return new EngineError('ModelNotLoadable', `cannot load the model ${name}:${version} from ${path}: ${reason}`, {
    details: { model: name, version, path },
    cause,
  });
}
