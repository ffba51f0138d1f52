import { lineAndColumn } from '../parse-json.ts';
import { ContractError } from '../errors/contract-error.ts';

/** The kinds of faults in a route. */
export type RouteFaultCode =
  | 'Empty'
  | 'UnexpectedToken'
  | 'UnexpectedEnd'
  | 'InvalidSymbol'
  | 'UnterminatedString'
  | 'UnknownFunction'
  | 'WrongArguments'
  | 'WrongOperands'
  | 'InvalidPath'
  | 'UnknownSink'
  | 'InvalidEndpoint'
  | 'NestingTooDeep';

/** What the details of an `InvalidRoute` error hold. */
export interface RouteErrorDetails {
  readonly code: RouteFaultCode;
  /** Offset of the fault in the route, from 0, in UTF-16 units. */
  readonly position: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** What is wrong, without the place and the picture. */
  readonly reason: string;
}

/** Characters of the faulty line that the picture shows before and after the fault. */
const PICTURE_REACH = 60;

/** Makes the error for a fault at an offset of a route. */
export function routeFault(
  text: string,
  { code, position, reason }: Pick<RouteErrorDetails, 'code' | 'position' | 'reason'>,
): ContractError {
  const { line, column } = lineAndColumn(text, position);
  const details: RouteErrorDetails = { code, position, line, column, reason };
  return new ContractError(
    'InvalidRoute',
    `the route does not compile: line ${line}, column ${column}: ${reason}\n${picture(text, position)}`,
    { details: { ...details } },
  );
}

/** The line of the fault with a caret under it; long lines are cut on both sides. */
function picture(text: string, position: number): string {
  const lineStart = text.lastIndexOf('\n', position - 1) + 1;
  const nextBreak = text.indexOf('\n', position);
  const lineEnd = nextBreak === -1 ? text.length : nextBreak;
  const from = Math.max(lineStart, position - PICTURE_REACH);
  const to = Math.min(lineEnd, position + PICTURE_REACH);
  const before = `${from > lineStart ? '…' : ''}${text.slice(from, position)}`.replace(/[^\P{Cc}\t]/gu, ' ');
  const after = `${text.slice(position, to)}${to < lineEnd ? '…' : ''}`.replace(/[^\P{Cc}\t]/gu, ' ');
  // tabs are kept, so that the caret stands under its character at any tab width
  return `  ${before}${after}\n  ${before.replace(/[^\t]/gu, ' ')}^`;
}
