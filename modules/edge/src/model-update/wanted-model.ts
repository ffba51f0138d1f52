import type { ScorerDesired } from '@edgewright/contract';
import { EdgeError } from '../edge-error.ts';
import type { WantedShadow } from '../shadow/shadow-model.ts';
import type { WantedModel } from './fetch-model.ts';
import type { ModelSlot } from './model-slot.ts';
import { parseOciLocation } from './oci-location.ts';

/**
 * Looks at what can be known of a model before it is fetched.
 *
 * @param place where it stands in the desired properties
 * @throws EdgeError `SettingsInvalid` when this device could never take it
 */
export function wantedModel(
  source: NonNullable<ScorerDesired['model']>,
  slot: ModelSlot,
  place: 'model' | 'shadow' = 'model',
): WantedModel {
  const names = slot.image.swap.models.map(({ name }) => name);
  const name = source.name ?? names[0] ?? '';
  if (!names.includes(name)) throw refused(`$.${place}.name is "${name}", and the image has ${names.join(', ')}`);
  if (!URL.canParse(source.url)) throw refused(`$.${place}.url is no URL`);
  if (source.url.startsWith('oci') && parseOciLocation(source.url) === undefined) {
    throw refused(`$.${place}.url is no oci://HOST/REPOSITORY:TAG or oci://HOST/REPOSITORY@sha256:DIGEST`);
  }
  if (slot.store === undefined) {
    throw refused(
      'there is no folder for models; bind one into the container and name it in EDGEWRIGHT_STATE_DIRECTORY',
    );
  }
  if (slot.publicKey !== undefined && source.signature === undefined) {
    throw refused(`$.${place}.signature is missing, and this device has a public key that models must be signed with`);
  }
  const { url, version, sha256, sizeBytes, signature, warmUp, baseline } = source;
  if (baseline !== undefined && baseline.url === undefined && !url.startsWith('oci')) {
    throw refused(`$.${place}.baseline.url is missing, and $.${place}.url is of one file`);
  }
  return { name, version, url, sha256, sizeBytes, signature, warmUp, baseline };
}

/**
 * The same of a shadow model.
 *
 * @throws EdgeError `SettingsInvalid`
 */
export function wantedShadow(
  { shadow, model }: { readonly shadow: ScorerDesired['shadow']; readonly model: ScorerDesired['model'] },
  slot: ModelSlot,
): WantedShadow | undefined {
  if (shadow === undefined) return undefined;
  if (shadow.sha256 === model?.sha256) throw refused('$.shadow is the same file as $.model');
  const { share = 1, tolerance = 1e-4 } = shadow;
  return { ...wantedModel(shadow, slot, 'shadow'), share, tolerance };
}

function refused(reason: string): EdgeError {
  return new EdgeError('SettingsInvalid', `the model is refused: ${reason}; the former settings stay in force`);
}
