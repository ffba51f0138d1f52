import type { Authenticator } from '../auth/authenticator.ts';
import { WebError } from '../web-error.ts';
import type { ModelRepository } from './model-repository.ts';

export interface ModelControl {
  /** Absent when the models stay as they are. */
  readonly repository?: ModelRepository | undefined;
  readonly authenticator?: Authenticator | undefined;
}

/** A request to load or to unload a model, over either protocol. */
export interface ControlRequest {
  readonly act: 'load' | 'unload';
  readonly model: string;
  readonly authorization: string | undefined;
  /** The protocol's `parameters`, by name. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * Loads or unloads a model for a caller who may: of keys the primary one, of tokens one with the role for it; everybody where
 * nobody needs credentials.
 *
 * @throws WebError `ModelControlOff`, `ControlForbidden`, `RequestInvalid`, and what the repository throws
 */
export async function controlModels(
  { repository, authenticator }: ModelControl,
  { act, model, authorization, parameters }: ControlRequest,
): Promise<void> {
  const caller = await authenticator?.authenticate(authorization);
  if (repository === undefined) {
    throw new WebError('ModelControlOff', `cannot ${act} ${model}: this service loads its models at the start, and they stay`); // prettier-ignore
  }
  if (caller?.mayControl === false) {
    throw new WebError('ControlForbidden', `cannot ${act} ${model}: these credentials may score, and no more`);
  }
  // Triton's: a configuration or files in the request, which would bring in models that nobody put into the repository
  const [unknown] = Object.keys(parameters).filter((name) => act === 'load' || name !== 'unload_dependents');
  if (unknown !== undefined) {
    throw new WebError('RequestInvalid', `cannot ${act} ${model}: the parameter "${unknown.slice(0, 100)}" is not taken; models are those of the repository, as they are`); // prettier-ignore
  }
  await (act === 'load' ? repository.load(model) : repository.unload(model));
}
