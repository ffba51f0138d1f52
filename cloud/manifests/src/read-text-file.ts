import { readFile, stat } from 'node:fs/promises';
import { ContractError, messageOf } from '@edgewright/contract';

/** A template or module.json larger than this is something else. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Reads a text file of a solution.
 *
 * @param what the file in words, for the message: `the template`
 * @throws ContractError `FileNotReadable`
 */
export async function readTextFile(path: string, what: string): Promise<string> {
  const refuse = (reason: string, cause?: unknown) =>
    new ContractError('FileNotReadable', `cannot read ${what} "${path}": ${reason}`, { details: { path }, cause });
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw refuse(`it has ${size} bytes, at most ${MAX_FILE_BYTES} are taken`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof ContractError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    throw refuse(code === 'ENOENT' ? 'there is no such file' : messageOf(cause), cause);
  }
}
