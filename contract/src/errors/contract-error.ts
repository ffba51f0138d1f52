import type { ErrorCodeOf } from './catalogue.ts';
import { EdgewrightError } from './edgewright-error.ts';

/** Thrown when a text or value is not in one of the contract's forms. */
export class ContractError extends EdgewrightError<ErrorCodeOf<'contract'>> {
  readonly area = 'contract';
}
