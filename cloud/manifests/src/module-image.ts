import path from 'node:path';
import { checkDocument, parseJson } from '@edgewright/contract';
import Type from 'typebox';
import { expandVariables } from './expand-variables.ts';
import { readTextFile } from './read-text-file.ts';

const ModuleFileSchema = Type.Object({
  image: Type.Object({
    repository: Type.String({ minLength: 1 }),
    tag: Type.Object({
      version: Type.Optional(Type.String()),
      platforms: Type.Record(Type.String(), Type.String()),
    }),
  }),
});

/** The image of a module that the solution builds itself, as its `module.json` describes it. */
export interface ModuleFile {
  /** In lower case. */
  readonly repository: string;
  readonly version: string;
  /** The platforms with a Dockerfile: `amd64`, `amd64.debug` … */
  readonly platforms: readonly string[];
  /** Variables without a value. */
  readonly missing: readonly string[];
}

const VERSION_WITHOUT_ONE = '0.0.0';

/**
 * Reads a `module.json`.
 *
 * @returns undefined where there is none
 * @throws ContractError `InvalidJson`, `InvalidDocument`, `FileNotReadable` for one that is there and cannot be read
 */
export async function readModuleFile(
  folder: string,
  variables: Readonly<Record<string, string>>,
): Promise<ModuleFile | undefined> {
  const file = path.join(folder, 'module.json');
  let source: string;
  try {
    source = await readTextFile(file, 'the module');
  } catch (error) {
    const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  const { text, missing } = expandVariables(source, variables);
  const { image } = checkDocument(ModuleFileSchema, parseJson(text, file), file);
  return {
    repository: image.repository.toLowerCase(),
    version: image.tag.version ?? VERSION_WITHOUT_ONE,
    platforms: Object.keys(image.tag.platforms),
    missing,
  };
}

/** The reference of a module's image: `{repository}:{version}[-{CONTAINER_TAG}]-{platform}`. */
export function moduleImage(
  module: ModuleFile,
  platform: string,
  containerTag: string | undefined,
): string | undefined {
  if (!module.platforms.includes(platform)) return undefined;
  return `${module.repository}:${module.version}${containerTag ? `-${containerTag}` : ''}-${platform}`;
}
