import { EdgewrightError, errorCatalogue } from '@edgewright/contract';
import type { ErrorCodeOf } from '@edgewright/contract';

/** Every failure that this workspace throws on purpose. */
export class EngineError extends EdgewrightError<ErrorCodeOf<'engine'>> {
  readonly area = 'engine';
}

/** All codes of {@link EngineError}. */
export const engineErrorCodes = Object.keys(errorCatalogue.engine) as readonly ErrorCodeOf<'engine'>[];
