import { EdgewrightError } from '@edgewright/contract';
import type { ErrorCodeOf } from '@edgewright/contract';

/** Every failure that this workspace throws on purpose. */
export class CollectionError extends EdgewrightError<ErrorCodeOf<'collection'>> {
  readonly area = 'collection';
}
