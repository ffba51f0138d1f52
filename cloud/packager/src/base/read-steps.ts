import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import type { BytesEntry } from '../layers/tar-entry.ts';
import { PackagerError } from '../packager-error.ts';

/** Steps of a Dockerfile, and the files that they may copy. */
export interface DockerfileSteps {
  /** As it stands in the configuration. */
  readonly name: string;
  readonly text: string;
  /** The folder of the steps, without the steps; empty when they copy nothing. */
  readonly files: readonly BytesEntry[];
  /** Of text and files. */
  readonly digest: string;
}

const MAX_FILES = 1000;
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;
/** Where the steps stand in the context. */
export const STEPS_FILE = '.edgewright.Dockerfile';

/**
 * Reads `extraDockerfileSteps`. With COPY or ADD in them, the files of their folder belong to them.
 *
 * @throws PackagerError `ImageInputInvalid`
 */
export async function readSteps(name: string, configDirectory: string): Promise<DockerfileSteps> {
  const file = path.resolve(configDirectory, name);
  try {
    const text = (await contentOf(file)).toString('utf8');
    // comments may be anywhere, and the first instruction decides
    if (/^\s*FROM\s/im.test(text))
      throw new RangeError('it has a line FROM: the steps run on "baseImage", and cannot leave it');
    if (!/^\s*[A-Z]+\s/im.test(text)) throw new RangeError('it has no step of a Dockerfile');
    const files = /^\s*(?:COPY|ADD)\s/im.test(text) ? await filesBeside(file) : [];
    const hash = createHash('sha256').update(`${text.length}\n${text}`);
    for (const one of files) hash.update(`\0${one.path}\0${one.content.length}\0`).update(one.content);
    return { name, text, files, digest: hash.digest('hex') };
  } catch (cause) {
    throw new PackagerError(
      'ImageInputInvalid',
      `cannot take the steps of "${name}" ($.extraDockerfileSteps): ${messageOf(cause)}`,
      { details: { key: '$.extraDockerfileSteps', file }, cause },
    );
  }
}

async function filesBeside(steps: string): Promise<BytesEntry[]> {
  const folder = path.dirname(steps);
  const found: BytesEntry[] = [];
  let total = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const source = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || source === steps) continue;
    const content = await contentOf(source);
    total += content.length;
    if (found.length >= MAX_FILES || total > MAX_TOTAL_BYTES) {
      throw new RangeError(
        `its folder "${folder}" has more than ${MAX_FILES} files or ${MAX_TOTAL_BYTES} bytes, all of which COPY may name; put the steps into a folder of their own`,
      );
    }
    found.push({ type: 'bytes', path: path.relative(folder, source).split(path.sep).join('/'), content });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function contentOf(file: string): Promise<Buffer> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  if (size > MAX_TOTAL_BYTES)
    throw new RangeError(`"${file}" has ${size} bytes, and at most ${MAX_TOTAL_BYTES} are taken`);
  return await handle.readFile();
}
