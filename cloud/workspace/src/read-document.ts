import { readFile, stat } from 'node:fs/promises';
import { checkDocument, ContractError, messageOf, parseJson } from '@edgewright/contract';
import type { Static, TSchema } from 'typebox';
import { LineCounter, parseDocument } from 'yaml';

/** A configuration larger than this is something else. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/**
 * Reads a text file that a user named.
 *
 * @throws ContractError `FileNotReadable`
 */
export async function readTextFile(path: string, what: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_DOCUMENT_BYTES) {
      throw new ContractError(
        'FileNotReadable',
        `cannot read ${what} "${path}": it has ${size} bytes, at most ${MAX_DOCUMENT_BYTES} are taken`,
        {
          details: { path, sizeBytes: size },
        },
      );
    }
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof ContractError) throw cause;
    throw new ContractError('FileNotReadable', `cannot read ${what} "${path}": ${reasonOf(cause)}`, {
      details: { path },
      cause,
    });
  }
}

/**
 * Reads a JSON or YAML file (by its extension) and checks it against a schema.
 *
 * @throws ContractError `FileNotReadable`, `InvalidJson` (YAML too), `InvalidDocument`
 */
export async function readDocument<Schema extends TSchema>(
  schema: Schema,
  path: string,
  what: string,
): Promise<Static<Schema>> {
  const text = await readTextFile(path, what);
  const value = /\.ya?ml$/i.test(path) ? parseYaml(text, path) : parseJson(text, path);
  return checkDocument(schema, value, path);
}

function parseYaml(text: string, source: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const [error] = document.errors;
  if (error === undefined) return document.toJS({ maxAliasCount: 100 }) as unknown;
  const { line, col: column } = lineCounter.linePos(error.pos[0]);
  const reason = error.message.split('\n')[0] ?? '';
  throw new ContractError(
    'InvalidJson',
    `cannot read ${source}: not valid YAML at line ${line}, column ${column}: ${reason}`,
    {
      details: { source, line, column },
      cause: error,
    },
  );
}

/** The reason of a failed file operation in words, without Node's codes and paths. */
function reasonOf(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return messageOf(cause);
}
