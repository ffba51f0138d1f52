import type { Batching, Postprocess, Preprocess } from '@edgewright/contract';
import type { EngineOptions } from './engine-options.ts';

/** What an inference or scoring configuration may declare of how requests are read, run and answered. */
export interface DeclaredSettings {
  readonly batching?: Batching;
  readonly preprocess?: Preprocess;
  readonly postprocess?: Postprocess;
  readonly warmUp?: readonly unknown[];
}

/** The engine's options for what was declared. */
export function declaredSettings(declared: DeclaredSettings): Pick<EngineOptions, 'batching' | 'images' | 'warmUp'> {
  const { batching, preprocess, postprocess, warmUp } = declared;
  const images = {
    ...(preprocess === undefined ? {} : { preprocess }),
    ...(postprocess === undefined ? {} : { postprocess }),
  };
  return {
    ...(batching === undefined ? {} : { batching }),
    ...(Object.keys(images).length === 0 ? {} : { images }),
    ...(warmUp === undefined ? {} : { warmUp }),
  };
}
