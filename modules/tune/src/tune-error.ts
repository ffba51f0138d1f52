import { EdgewrightError } from '@edgewright/contract';
import type { ErrorCodeOf } from '@edgewright/contract';

/** Every failure that this workspace throws on purpose. */
export class TuneError extends EdgewrightError<ErrorCodeOf<'tune'>> {
  readonly area = 'tune';
}
