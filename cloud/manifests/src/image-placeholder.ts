import path from 'node:path';
import { moduleImage, readModuleFile } from './module-image.ts';

/** What images of a solution are made of. */
export interface ImageSources {
  /** The template's folder. */
  readonly folder: string;
  readonly platform: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Image references by module name. */
  readonly images: Readonly<Record<string, string>>;
}

/** The image of a placeholder, or what is missing for it. */
export type ImageResolution = { readonly image: string } | { readonly missing: readonly string[] };

// ${MODULES.name}, ${MODULES.name.debug}, ${MODULES.name.amd64}, ${MODULEDIR<../libs/name>.amd64.debug}
const BY_NAME = /^\$\{MODULES\.(?<name>[^.}]+)(?:\.(?<suffix>[^}]+))?\}$/;
const BY_FOLDER = /^\$\{MODULEDIR<(?<folder>.+)>(?:\.(?<suffix>[^}]+))?\}$/;

/**
 * Finds the image of a placeholder: the one that was given for the module, else `NAME_IMAGE` of the variables, else what
 * the `module.json` of the solution says.
 *
 * @param module the module's name in the manifest, for which an image may be given whatever the placeholder says
 * @returns undefined when the text is no placeholder
 * @throws ContractError for a `module.json` that cannot be read
 */
export async function resolveImage(
  text: string,
  module: string,
  sources: ImageSources,
): Promise<ImageResolution | undefined> {
  const { name, folder, suffix } = (BY_NAME.exec(text) ?? BY_FOLDER.exec(text))?.groups ?? {};
  if (name === undefined && folder === undefined) return undefined;
  const given = givenImage({ name: name ?? module, suffix }, sources);
  if (given !== undefined) return { image: given };
  const modulesPath = sources.variables['MODULES_PATH'] ?? 'modules';
  const file = await readModuleFile(
    path.join(sources.folder, folder ?? path.join(modulesPath, name ?? '')),
    sources.variables,
  );
  if (file === undefined) return { missing: [text] };
  if (file.missing.length > 0) return { missing: file.missing };
  const image = moduleImage(file, platformOf(suffix, sources.platform), sources.variables['CONTAINER_TAG']);
  return image === undefined ? { missing: [text] } : { image };
}

function givenImage(
  { name, suffix }: { readonly name: string; readonly suffix: string | undefined },
  { images, variables }: ImageSources,
): string | undefined {
  if (suffix !== undefined && Object.hasOwn(images, `${name}.${suffix}`)) return images[`${name}.${suffix}`];
  if (Object.hasOwn(images, name)) return images[name];
  return variables[`${name.toUpperCase().replaceAll('-', '_')}_IMAGE`];
}

function platformOf(suffix: string | undefined, platform: string): string {
  if (suffix === undefined) return platform;
  return suffix === 'debug' ? `${platform}.debug` : suffix;
}
