import { rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkDocument, ContractError, parseJson } from '@edgewright/contract';
import type { EngineSettings } from '@edgewright/contract';
import type { TuneReport } from '@edgewright/tune';
import Type from 'typebox';
import { parseDocument } from 'yaml';
import { readTextFile } from './read-document.ts';
import { WorkspaceError } from './workspace-error.ts';

/** What every deployment configuration has; the rest is checked when it is used. */
const ConfigSchema = Type.Object({ computeType: Type.String() }, { additionalProperties: true });

/** Where what tuning found is to be put; each file is replaced at once. */
export interface TuningPlaces {
  /** A deployment manifest, a template or a layer, which must be there: the desired property `engine` of a module of it. */
  readonly manifest?: string | undefined;
  /** The module of the manifest; default: the only one. */
  readonly module?: string | undefined;
  /** A deployment configuration, which must be there: its key `engine`. */
  readonly deploymentConfig?: string | undefined;
  /** A JSON file with the desired properties alone. */
  readonly desired?: string | undefined;
  /** A page with the plot. */
  readonly page?: string | undefined;
  /** The plot alone, as SVG. */
  readonly plot?: string | undefined;
}

/**
 * Looks whether {@link saveTuning} could write, before minutes are spent on measuring.
 *
 * @throws ManifestsError `ModuleUnknown`, `ManifestInvalid` · ContractError
 */
export async function checkTuningPlaces({
  manifest,
  module,
  deploymentConfig,
  ...others
}: TuningPlaces): Promise<void> {
  if (manifest !== undefined) await manifestText(manifest, module, null);
  if (deploymentConfig !== undefined) await configText(deploymentConfig, null);
  for (const file of Object.values(others).filter((one) => one !== undefined)) {
    const folder = path.dirname(path.resolve(file));
    if ((await stat(folder).catch(() => undefined))?.isDirectory() === true) continue;
    throw new ContractError('FileNotReadable', `cannot write "${file}": there is no folder "${folder}"`, {
      details: { path: file },
    });
  }
}

/**
 * Writes what tuning found: settings where something keeps to the bounds, page and plot in any case. All is read and made before anything is
 * written.
 *
 * @returns the files, absolute
 * @throws WorkspaceError `NothingToSave` when settings are to be written and nothing keeps to the bounds · ManifestsError `ModuleUnknown`,
 *   `ManifestInvalid` · ContractError
 */
export async function saveTuning(report: TuneReport, places: TuningPlaces): Promise<readonly string[]> {
  const { engineOf, tuneChart, tunePage } = await import('@edgewright/tune');
  const engine = engineOf(report);
  const { manifest, deploymentConfig, desired, page, plot } = places;
  const wanted = [manifest, deploymentConfig, desired].filter((file) => file !== undefined);
  const texts = new Map<string, string>();
  if (engine === undefined && wanted.length > 0 && page === undefined && plot === undefined)
    throw nothingToSave(report, wanted);
  if (engine !== undefined) {
    if (manifest !== undefined) texts.set(manifest, await manifestText(manifest, places.module, engine));
    if (deploymentConfig !== undefined) texts.set(deploymentConfig, await configText(deploymentConfig, engine));
    if (desired !== undefined) texts.set(desired, jsonText({ engine }));
  }
  if (page !== undefined) texts.set(page, tunePage(report));
  if (plot !== undefined) texts.set(plot, `${tuneChart(report)}\n`);
  for (const [file, text] of texts) {
    await writeFile(`${file}.tmp`, text);
    await rename(`${file}.tmp`, file);
  }
  if (engine === undefined && wanted.length > 0) throw nothingToSave(report, wanted);
  return [...texts.keys()].map((file) => path.resolve(file));
}

function nothingToSave({ reason, bounds }: TuneReport, files: readonly string[]): WorkspaceError {
  return new WorkspaceError(
    'NothingToSave',
    `${files.join(', ')} ${files.length === 1 ? 'stays' : 'stay'} as before: ${reason}`,
    {
      details: { files, bounds },
    },
  );
}

async function manifestText(file: string, module: string | undefined, engine: EngineSettings | null): Promise<string> {
  const { setModuleDesired } = await import('@edgewright/manifests');
  const text = await readTextFile(file, 'the manifest');
  const { document } = setModuleDesired(parseJson(text, file), { module, property: 'engine', value: engine }, file);
  return jsonText(document, indentationOf(text));
}

async function configText(file: string, engine: EngineSettings | null): Promise<string> {
  const text = await readTextFile(file, 'the deployment configuration');
  if (/\.ya?ml$/i.test(file)) {
    // comments stay
    const document = parseDocument(text);
    if (engine === null) document.delete('engine');
    else document.set('engine', engine);
    checkDocument(ConfigSchema, document.toJS({ maxAliasCount: 100 }), file);
    return document.toString();
  }
  const config = checkDocument(ConfigSchema, parseJson(text, file), file);
  const { engine: _former, ...rest } = config as Record<string, unknown>;
  return jsonText(engine === null ? rest : { ...rest, engine }, indentationOf(text));
}

function jsonText(value: unknown, indentation: string | number = 2): string {
  return `${JSON.stringify(value, null, indentation)}\n`;
}

/** What the first line that stands in begins with. */
function indentationOf(text: string): string | number {
  return /^([ \t]+)\S/m.exec(text)?.[1] ?? 2;
}
