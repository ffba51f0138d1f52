import { EdgewrightError } from '@edgewright/contract';
import type { ErrorCodeOf } from '@edgewright/contract';

/** Every failure that this workspace throws on purpose. */
export class ScorerError extends EdgewrightError<ErrorCodeOf<'scorer'>> {
  readonly area = 'scorer';
}
