import { EdgewrightError } from '@edgewright/contract';
import type { ErrorCodeOf } from '@edgewright/contract';

/** Every failure that this workspace throws on purpose. */
export class ModelsError extends EdgewrightError<ErrorCodeOf<'models'>> {
  readonly area = 'models';
}
