import type { ScorerDesired } from '@edgewright/contract';
import { EdgeError } from '../edge-error.ts';
import type { WantedModel } from './fetch-model.ts';
import type { ModelSlot } from './model-slot.ts';

/**
 * Looks at what can be known of a model before it is fetched.
 *
 * @throws EdgeError `SettingsInvalid` when this device could never take it
 */
export function wantedModel(source: ScorerDesired['model'], slot: ModelSlot): WantedModel | undefined {
  if (source === undefined) return undefined;
  const names = slot.image.swap.models.map(({ name }) => name);
  const name = source.name ?? names[0] ?? '';
  if (!names.includes(name)) throw refused(`$.model.name is "${name}", and the image has ${names.join(', ')}`);
  if (!URL.canParse(source.url)) throw refused('$.model.url is no URL');
  if (slot.store === undefined) {
    throw refused(
      'there is no folder for models; bind one into the container and name it in EDGEWRIGHT_STATE_DIRECTORY',
    );
  }
  if (slot.publicKey !== undefined && source.signature === undefined) {
    throw refused('$.model.signature is missing, and this device has a public key that models must be signed with');
  }
  return { ...source, name };
}

function refused(reason: string): EdgeError {
  return new EdgeError('SettingsInvalid', `the model is refused: ${reason}; the former settings stay in force`);
}
