import { EdgewrightError } from '@edgewright/contract';
import type { ErrorCodeOf } from '@edgewright/contract';

/** Every failure that this workspace throws on purpose. */
export class WorkspaceError extends EdgewrightError<ErrorCodeOf<'workspace'>> {
  readonly area = 'workspace';
}
