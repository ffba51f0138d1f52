import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseJson } from '@edgewright/contract';
import { needsOpenApi3 } from '@edgewright/engine';
import type { EngineDescription } from '@edgewright/engine';
import { WebError } from '../web-error.ts';
import { openApi3 } from './open-api-3.ts';
import type { ServiceName } from './operations.ts';
import { serviceSchema } from './service-schema.ts';
import type { ServiceSchema } from './service-schema.ts';
import { swagger2 } from './swagger-2.ts';

type Version = '2' | '3' | '3.1';

/** Documents that a user put beside the service: they are given instead of those that are made. */
export type OwnDocuments = Readonly<Partial<Record<Version, unknown>>>;

const VERSIONS: readonly Version[] = ['2', '3', '3.1'];
/** What a caller may write. */
const ALIASES: Readonly<Record<string, Version>> = { '2': '2', '2.0': '2', '3': '3', '3.0': '3', '3.1': '3.1' };
/** The files of each version, the first one first. */
const FILES: Readonly<Record<Version, readonly string[]>> = {
  '2': ['swagger.json', 'swagger2.json'],
  '3': ['swagger3.json'],
  '3.1': ['swagger3.1.json'],
};

/**
 * Reads the documents that a user put into a folder: Azure ML's rule, by their names.
 *
 * @throws WebError `DocumentInvalid`
 */
export async function readOwnDocuments(folder: string): Promise<OwnDocuments> {
  const documents: Partial<Record<Version, unknown>> = {};
  for (const version of VERSIONS) {
    for (const name of FILES[version]) {
      const file = path.join(folder, name);
      const text = await readFile(file, 'utf8').catch(() => undefined);
      if (text === undefined || documents[version] !== undefined) continue;
      try {
        documents[version] = parseJson(text, file);
      } catch (cause) {
        throw new WebError('DocumentInvalid', `cannot serve ${file} as the description of the service: ${(cause as Error).message}`, { details: { file }, cause }); // prettier-ignore
      }
    }
  }
  return documents;
}

/**
 * The document of a service in the version that a caller asks for; Azure ML's versions, aliases and texts. Swagger 2.0 cannot
 * say that the items of a list differ: then there is none.
 *
 * @throws WebError `DocumentUnknown`
 */
export function documentOf(
  wanted: string,
  {
    name,
    own,
    description,
  }: { readonly name: ServiceName; readonly own: OwnDocuments; readonly description: EngineDescription },
): unknown {
  const schema = serviceSchema(description);
  const supported = VERSIONS.filter((version) => own[version] !== undefined || version !== '2' || !isMixed(schema));
  const version = ALIASES[wanted];
  if (version === undefined) {
    throw unknownVersion(`Swagger version [${wanted.slice(0, 100)}] is not valid. Supported versions: [${supported.join(', ')}].`, supported); // prettier-ignore
  }
  if (!supported.includes(version)) {
    throw unknownVersion(`Swagger version [${wanted}] is not supported for the scoring script. Supported swagger versions: [${supported.join(', ')}].`, supported); // prettier-ignore
  }
  if (own[version] !== undefined) return own[version];
  return version === '2' ? swagger2(name, schema) : openApi3(name, schema, version === '3' ? '3.0.3' : '3.1.0');
}

function isMixed({ input, output }: ServiceSchema): boolean {
  return needsOpenApi3(input) || needsOpenApi3(output);
}

function unknownVersion(text: string, known: readonly string[]): WebError {
  return new WebError('DocumentUnknown', text, { details: { known } });
}
