import { ContractError } from './errors/contract-error.ts';
import { messageOf } from './errors/edgewright-error.ts';
import { findJsonFault } from './json-fault.ts';

/**
 * Reads JSON and says where it breaks.
 *
 * @param text the JSON text
 * @param source what the text is, for the message: a file name, or words such as `the request body`
 * @throws ContractError `InvalidJson` with line and column
 */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const { offset, expected } = findJsonFault(text) ?? { offset: text.length, expected: messageOf(cause) };
    const { line, column } = lineAndColumn(text, offset);
    const found = offset >= text.length ? 'the text ends' : `found ${JSON.stringify(text.slice(offset, offset + 12))}`;
    throw new ContractError(
      'InvalidJson',
      `cannot read ${source}: not valid JSON at line ${line}, column ${column}: expected ${expected}, ${found}`,
      { details: { source, line, column }, cause },
    );
  }
}

/** The line and column, both from 1, of a character offset. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}
