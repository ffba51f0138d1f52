import { open } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, parseJson } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_REQUESTS = 1000;

/**
 * Reads the requests of a warm-up.
 *
 * @param file as it stands in the configuration
 * @throws PackagerError `ImageInputInvalid`
 */
export async function readWarmUp(
  file: string | undefined,
  configDirectory: string,
): Promise<readonly unknown[] | undefined> {
  if (file === undefined) return undefined;
  const source = path.resolve(configDirectory, file);
  const requests = parse(await read(file, source), file);
  if (!Array.isArray(requests))
    throw refused(file, 'it is not a list: write [REQUEST, …], each as it is sent to /score');
  if (requests.length > MAX_REQUESTS) {
    throw refused(file, `it has ${requests.length} requests, and at most ${MAX_REQUESTS} are taken: a few are enough`);
  }
  return requests;
}

async function read(file: string, source: string): Promise<string> {
  try {
    await using handle = await open(source);
    const { size } = await handle.stat();
    if (size > MAX_BYTES) throw refused(file, `it has ${size} bytes, and at most ${MAX_BYTES} are taken`);
    return await handle.readFile('utf8');
  } catch (cause) {
    if (cause instanceof PackagerError) throw cause;
    throw refused(file, messageOf(cause), cause);
  }
}

function parse(text: string, file: string): unknown {
  try {
    return parseJson(text, file);
  } catch (cause) {
    throw refused(file, messageOf(cause), cause);
  }
}

function refused(file: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError('ImageInputInvalid', `cannot take the requests of "warmUp" from "${file}": ${reason}`, {
    details: { file, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}
