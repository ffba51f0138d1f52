import { readTextFile } from './read-document.ts';
import { WorkspaceError } from './workspace-error.ts';

const MOST_BODIES = 10_000;

/**
 * The bodies of the requests that a profile sends.
 *
 * @throws WorkspaceError `ProfileInputInvalid` · ContractError `FileNotReadable`
 */
export async function readBodies({
  inputData,
  inputDataset,
}: {
  readonly inputData?: string | Uint8Array | undefined;
  readonly inputDataset?: string | undefined;
}): Promise<(string | Uint8Array)[]> {
  if ((inputData === undefined) === (inputDataset === undefined)) {
    const reason = inputData === undefined ? 'there is no request to send' : 'requests are given twice';
    throw refused(`${reason}: give either the body of a request or a file with one on each line`);
  }
  if (inputData !== undefined) return [inputData];
  const text = await readTextFile(inputDataset ?? '', 'the requests');
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) throw refused(`"${inputDataset}" has no lines`);
  if (lines.length > MOST_BODIES) {
    throw refused(`"${inputDataset}" has ${lines.length} lines; at most ${MOST_BODIES} are taken`);
  }
  return lines;
}

function refused(reason: string): WorkspaceError {
  return new WorkspaceError('ProfileInputInvalid', `cannot profile: ${reason}`, { details: { reason } });
}
