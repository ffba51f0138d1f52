import { EdgewrightError } from '@edgewright/contract';
import type { ErrorCodeOf } from '@edgewright/contract';

/** Every failure that this workspace throws on purpose. */
export class IotHubError extends EdgewrightError<ErrorCodeOf<'iothub'>> {
  readonly area = 'iothub';
}
