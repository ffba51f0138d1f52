import { EdgewrightError } from '@edgewright/contract';
import type { ErrorCodeOf } from '@edgewright/contract';

/** Every failure that this workspace throws on purpose. */
export class ClientError extends EdgewrightError<ErrorCodeOf<'client'>> {
  readonly area = 'client';
}
