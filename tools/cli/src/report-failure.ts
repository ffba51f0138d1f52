import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { SerializedError } from '@edgewright/contract';
import { CliError } from './cli-error.ts';
import type { Terminal } from './terminal.ts';

/**
 * Tells the user what went wrong and what to do about it, and gives the exit code: 2 when the input was wrong, 1 otherwise.
 * A stack trace is shown only on request, or where the failure was not foreseen and `--verbose` is set.
 */
export function reportFailure(thrown: unknown, terminal: Terminal, verbose: boolean): 1 | 2 {
  const error = isEdgewrightError(thrown)
    ? thrown
    : new CliError('Unexpected', `something unforeseen happened: ${messageOf(thrown)}`, { cause: thrown });
  if (terminal.format === 'json' && !terminal.hasResult) {
    const body: { error: SerializedError } = { error: error.toJSON() };
    terminal.result(body, () => '');
  }
  terminal.fail(`error: ${error.message}\n  code: ${error.code}\n  what to do: ${error.entry.remedy}`);
  if (verbose) terminal.fail(stackOf(error));
  return error.exitCode;
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by: ${stackOf(error.cause)}` : own;
}
