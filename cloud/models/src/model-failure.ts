import type { Model, ModelReference } from '@edgewright/contract';
import type { DeleteModelOptions } from './model-registry.ts';
import { ModelsError } from './models-error.ts';

/** So many versions are named when the one asked for is not there. */
export const SHOWN_VERSIONS = 5;

/**
 * A version that is not there.
 *
 * @param known the versions that the name has, from the highest down; one more than are shown is enough
 * @param place where the registry is
 */
export function modelNotFound({ name, version }: ModelReference, known: readonly number[], place: string): ModelsError {
  const wanted = version === undefined ? name : `${name}:${version}`;
  const shown = known.slice(0, SHOWN_VERSIONS).join(', ');
  const reason =
    known.length === 0
      ? `no model of that name is registered in "${place}"`
      : `its versions are ${shown}${known.length > SHOWN_VERSIONS ? ' and older ones' : ''}`;
  return new ModelsError('ModelNotFound', `cannot find the model "${wanted}": ${reason}`, {
    details: { name, ...(version === undefined ? {} : { version }), versions: known.slice(0, SHOWN_VERSIONS) },
  });
}

/** @throws ModelsError `ModelInUse` while anything uses the model */
export async function refuseWhileUsed(model: Model, options: DeleteModelOptions): Promise<void> {
  const dependants = (await options.dependants?.(model)) ?? [];
  if (dependants.length === 0) return;
  throw new ModelsError('ModelInUse', `cannot delete the model ${model.id}: it is used by ${dependants.join(', ')}`, {
    details: { model: model.id, dependants },
  });
}

/** Bytes that are not those that were registered. */
export function modelCorrupted(
  model: Model,
  file: { readonly path: string; readonly sha256: string },
  found: string,
): ModelsError {
  return new ModelsError(
    'ModelCorrupted',
    `cannot read the model ${model.id}: its file "${file.path}" should have the SHA-256 ${file.sha256}, and ${found}`,
    { details: { model: model.id, file: file.path, expected: file.sha256, found } },
  );
}
