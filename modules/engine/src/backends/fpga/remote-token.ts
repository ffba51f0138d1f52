import { readFile, stat } from 'node:fs/promises';

const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads a small file that a description names: certificates or a token.
 *
 * @throws RangeError when it is larger than 1 MiB; what reading throws
 */
export async function readSmallFile(file: string): Promise<Buffer> {
  const { size } = await stat(file);
  if (size > MAX_FILE_BYTES) throw new RangeError(`${file} has ${size} bytes; it may have ${MAX_FILE_BYTES}`);
  return readFile(file);
}

/**
 * Reads a token. It is read for each request, because tokens expire and are replaced in place.
 *
 * @throws RangeError when the file does not hold one line of visible ASCII; what reading throws
 */
export async function readToken(file: string): Promise<string> {
  const token = (await readSmallFile(file)).toString('utf8').trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new RangeError(`${file} does not hold a token, which is one line of visible ASCII characters without blanks`);
}
