import path from 'node:path';
import { documentIssues, DeploymentManifestSchema, parseJson } from '@edgewright/contract';
import type { DeploymentManifest, Platform } from '@edgewright/contract';
import { chunkCreateOptions, CREATE_OPTIONS_CHUNK, MAX_WRITTEN_CHUNKS } from './create-options.ts';
import { expandVariables } from './expand-variables.ts';
import { resolveImage } from './image-placeholder.ts';
import { childRecord } from './json-record.ts';
import { ManifestsError } from './manifests-error.ts';
import { applySwitches } from './module-switches.ts';
import type { ModuleSwitches } from './module-switches.ts';
import { outputName } from './output-name.ts';
import { readTextFile } from './read-text-file.ts';
import { addRegistries } from './registry-references.ts';
import { templateDefaults } from './template-defaults.ts';
import { templateModules } from './template-modules.ts';
import type { TemplateModule } from './template-modules.ts';

export interface BuildManifestInput {
  /** The template's path: `deployment.template.json` or `NAME.template.json`. */
  readonly templatePath: string;
  /** Values of `${NAME}` and `$NAME`; see {@link templateDefaults} for those that need none. */
  readonly variables: Readonly<Record<string, string>>;
  readonly platform: Platform;
  /** Image references by module name, for `${MODULES.name}`. `name.debug` and `name.amd64` win over `name`. */
  readonly images: Readonly<Record<string, string>>;
  /** Hardware, limits and the like by module name. */
  readonly switches?: Readonly<Record<string, ModuleSwitches>>;
  /** Addresses of registries by name; their credentials are the variables `NAME_USERNAME` and `NAME_PASSWORD`. */
  readonly registries?: Readonly<Record<string, string>>;
}

/** A layer of a deployment, whose keys are dotted; lint checks what stands in it. */
export interface LayeredManifest {
  readonly content: { readonly modulesContent: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

export interface BuiltManifest {
  readonly manifest: DeploymentManifest;
  /** The file name that iotedgedev gives to the result, such as `deployment.amd64.json`. */
  readonly outputName: string;
}

/** A manifest or a layer, as the template has it. */
export interface BuiltDeployment {
  readonly manifest: DeploymentManifest | LayeredManifest;
  readonly outputName: string;
}

/**
 * Makes a deployment manifest from a template, as iotedgedev does: variables and image placeholders are filled in,
 * createOptions cut into pieces, `$schema-template` taken out.
 *
 * Images come from `images`, then from the variable `NAME_IMAGE`, then from the `module.json` in the solution.
 *
 * @throws ManifestsError `TemplateVariableMissing`, naming every placeholder without a value; `CreateOptionsTooLong`;
 *   `ManifestInvalid` when what comes out does not follow the schema · ContractError `FileNotReadable`, `InvalidJson`
 */
export async function buildManifest(input: BuildManifestInput): Promise<BuiltManifest> {
  const { manifest, outputName: name } = await buildDeployment(input);
  if ('modulesContent' in manifest) return { manifest, outputName: name };
  throw new ManifestsError(
    'ManifestInvalid',
    `cannot build a manifest from ${input.templatePath}: it is the template of a layer`,
    { details: { template: input.templatePath } },
  );
}

/** As {@link buildManifest}, also for the template of a layer, which has `content` at its top. */
export async function buildDeployment(input: BuildManifestInput): Promise<BuiltDeployment> {
  const { templatePath, platform, images } = input;
  const variables = { ...templateDefaults(input.variables), ...input.variables };
  const source = await readTextFile(templatePath, 'the template');
  const { text, missing } = expandVariables(source, variables);
  const document = parseJson(text, templatePath);
  const modules = templateModules(document);
  const sources = { folder: path.dirname(templatePath), platform, variables, images };
  const unresolved = [...missing, ...addRegistries(document, input.registries ?? {}, variables)];
  for (const module of modules) unresolved.push(...(await fillImage(module, sources)));
  if (unresolved.length > 0) throw missingValues(templatePath, unresolved);
  switchModules(modules, input);
  for (const module of modules) cutCreateOptions(module, templatePath);
  const schemaTemplate = takeSchemaTemplate(document);
  return {
    manifest: checked(document, templatePath),
    outputName: variables['DEPLOYMENT_CONFIG_FILE'] ?? outputName(templatePath, schemaTemplate, platform),
  };
}

function switchModules(modules: readonly TemplateModule[], { switches = {}, templatePath }: BuildManifestInput): void {
  for (const [name, wanted] of Object.entries(switches)) {
    const module = modules.find((candidate) => candidate.name === name);
    if (module === undefined) {
      throw new ManifestsError(
        'SwitchInvalid',
        `cannot switch the module "${name}": ${templatePath} has ${modules.map((each) => each.name).join(', ')}`,
        { details: { module: name, template: templatePath } },
      );
    }
    applySwitches(module, wanted);
  }
}

/** @returns what is missing */
async function fillImage(
  { name, settings }: TemplateModule,
  sources: Parameters<typeof resolveImage>[2],
): Promise<readonly string[]> {
  const { image } = settings;
  const resolution = typeof image === 'string' ? await resolveImage(image, name, sources) : undefined;
  if (resolution === undefined) return [];
  if ('missing' in resolution) return resolution.missing;
  settings['image'] = resolution.image;
  return [];
}

function missingValues(templatePath: string, unresolved: readonly string[]): ManifestsError {
  const names = [...new Set(unresolved)];
  return new ManifestsError(
    'TemplateVariableMissing',
    `cannot build ${templatePath}: nothing says what ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'}; give variables with --set or in the environment file, and images with --image or a module.json`,
    { details: { template: templatePath, missing: names } },
  );
}

function cutCreateOptions({ name, settings }: TemplateModule, templatePath: string): void {
  if (!('createOptions' in settings)) return;
  const chunks = chunkCreateOptions(settings['createOptions']);
  if (chunks.length > MAX_WRITTEN_CHUNKS) {
    const most = CREATE_OPTIONS_CHUNK * MAX_WRITTEN_CHUNKS;
    throw new ManifestsError(
      'CreateOptionsTooLong',
      `cannot build ${templatePath}: the createOptions of the module "${name}" have more than ${most} characters, the most that the tools write`,
      { details: { template: templatePath, module: name, most } },
    );
  }
  Object.assign(settings, Object.fromEntries(chunks));
}

/**
 * Takes out what only templates have.
 *
 * @returns the version of the template's form, empty when there is none
 */
function takeSchemaTemplate(document: unknown): string {
  if (typeof document !== 'object' || document === null) return '';
  const record = document as Record<string, unknown>;
  const version = record['$schema-template'];
  delete record['$schema-template'];
  // what manifests were called before 2018, and what no hub takes any more
  if ('moduleContent' in record && !('modulesContent' in record)) {
    record['modulesContent'] = record['moduleContent'];
    delete record['moduleContent'];
  }
  return typeof version === 'string' ? version : '';
}

function checked(document: unknown, templatePath: string): DeploymentManifest | LayeredManifest {
  const layer = childRecord(childRecord(document, 'content'), 'modulesContent');
  if (layer !== undefined) return document as LayeredManifest;
  const issues = documentIssues(DeploymentManifestSchema, document);
  const [first] = issues;
  if (first === undefined) return document as DeploymentManifest;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  throw new ManifestsError(
    'ManifestInvalid',
    `cannot build ${templatePath}: ${first.path}: expected ${first.expected}, found ${first.found}${more}`,
    { details: { template: templatePath, issues } },
  );
}
