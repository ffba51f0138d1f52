import path from 'node:path';

const TEMPLATE_ENDING = '.template.json';
/** From templates newer than this on, the platform is part of the name. */
const VERSION_WITHOUT_PLATFORM = '0.0.1';

/**
 * The file name of a manifest that comes of a template, as iotedgedev and the VS Code extension give it:
 * `deployment.debug.template.json` becomes `deployment.debug.amd64.json`.
 *
 * @param schemaTemplate the template's `$schema-template`, empty when it has none
 */
export function outputName(templatePath: string, schemaTemplate: string, platform: string): string {
  const name = path.basename(templatePath);
  let prefix = 'deployment';
  if (name.endsWith(TEMPLATE_ENDING)) prefix = name.slice(0, -TEMPLATE_ENDING.length);
  else if (name.endsWith('.json')) prefix = name.slice(0, -'.json'.length);
  return schemaTemplate > VERSION_WITHOUT_PLATFORM ? `${prefix}.${platform}.json` : `${prefix}.json`;
}
