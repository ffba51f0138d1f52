import { lineAndColumn } from '@edgewright/contract';
import type { SimulatorError } from '../../simulator-error.ts';
import { hubFault } from '../hub-fault.ts';

const CONTEXT = 30;

/** The error for a query that cannot be understood, which shows the place. */
export function queryFailure(text: string, at: number, reason: string): SimulatorError {
  const { line, column } = lineAndColumn(text, at);
  const begin = Math.max(0, at - CONTEXT);
  const excerpt = text.slice(begin, at + CONTEXT).replaceAll(/\s/g, ' ');
  const pointer = `${' '.repeat(at - begin)}^`;
  return hubFault(
    'ArgumentInvalid',
    `the query is not valid at line ${line}, column ${column}: ${reason}\n${excerpt}\n${pointer}`,
    { position: at, line, column, reason },
  );
}
