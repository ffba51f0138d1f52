import { EdgewrightError } from '@edgewright/contract';
import type { ErrorCodeOf } from '@edgewright/contract';

/** Every failure that this workspace throws on purpose. */
export class DriftError extends EdgewrightError<ErrorCodeOf<'drift'>> {
  readonly area = 'drift';
}
