import { messageOf } from '@edgewright/contract';
import type sharp from 'sharp';
import { EngineError } from '../engine-error.ts';

type Sharp = typeof sharp;

// not written in the import itself: bundlers would follow it, and its native part cannot be bundled
const PACKAGE: string = 'sharp';

/**
 * Loads sharp. The import is dynamic because only services that declare images need it.
 *
 * @throws EngineError `ImagesUnavailable`
 */
export async function loadSharp(): Promise<Sharp> {
  try {
    return ((await import(PACKAGE)) as { default: Sharp }).default;
  } catch (cause) {
    throw new EngineError('ImagesUnavailable', `cannot read images: sharp does not load: ${messageOf(cause).split('\n')[0]}`, {
      cause,
    }); // prettier-ignore
  }
}
