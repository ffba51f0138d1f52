import { EngineError } from '../engine-error.ts';
import type { Sessions } from '../scoring/open-sessions.ts';
import type { UnitConfig } from '../scoring/unit-config.ts';
import type { NamedTensors } from '../tensor.ts';
import { planClasses } from './classify.ts';
import type { ClassPlan } from './classify.ts';
import { decodeImage } from './decode-image.ts';
import { planImage } from './image-plan.ts';
import { loadSharp } from './load-sharp.ts';
import { readLabels } from './read-labels.ts';

/** Scores images with a model that is served as it is, by what was declared. */
export interface ImageScorer {
  /** True when images are taken: the declaration has `preprocess`. */
  readonly images: boolean;
  readonly classes?: ClassPlan;
  /** @throws EngineError `PictureInvalid`, `ScoringFailed` */
  score(bytes: Uint8Array): Promise<NamedTensors>;
}

/**
 * Fits the declaration of a unit to its model; undefined when nothing is declared.
 *
 * @throws EngineError `ImageSettingsInvalid`, `ImagesUnavailable`
 */
export async function openImageScorer(config: UnitConfig, sessions: Sessions): Promise<ImageScorer | undefined> {
  const { preprocess, postprocess } = config.images ?? {};
  if (preprocess === undefined && postprocess === undefined) return undefined;
  const [only, ...others] = sessions.all;
  if (only === undefined || others.length > 0) {
    const names = sessions.all.map(({ model }) => model.name).join(', ');
    throw new EngineError('ImageSettingsInvalid', `preprocess and postprocess are for one model, but there are ${names}; use an entry script`); // prettier-ignore
  }
  const { session, model } = only;
  const name = `${model.name}:${model.version}`;
  const plan = preprocess === undefined ? undefined : planImage(name, session.signature.inputs, preprocess);
  if (plan !== undefined) await loadSharp();
  if (plan !== undefined && session.signature.inputs.length > 1) {
    throw new EngineError('ImageSettingsInvalid', `${name} takes ${session.signature.inputs.length} inputs, of which an image feeds one; use an entry script`); // prettier-ignore
  }
  const classes =
    postprocess === undefined
      ? undefined
      : planClasses(
          { model: name, outputs: session.signature.outputs },
          postprocess,
          await readLabels(postprocess.labels, model.path),
        );
  return {
    images: plan !== undefined,
    ...(classes === undefined ? {} : { classes }),
    score: async (bytes) => {
      if (plan === undefined) throw new TypeError('an image came to a unit that takes none');
      return session.run({ [plan.input]: await decodeImage(bytes, plan, config.imagePixels) });
    },
  };
}
