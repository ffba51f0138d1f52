import { childRecord } from './json-record.ts';
import { ManifestsError } from './manifests-error.ts';
import { templateModules } from './template-modules.ts';

const DESIRED = 'properties.desired';

/**
 * A manifest, a template or a layer with a desired property of a module set, or taken out. A layer has it under a key of its own,
 * `properties.desired.NAME`, unless it sets all of the module's properties.
 *
 * @param document as it was parsed; it is not changed
 * @param change the module (default: the only one that is none of the runtime's), the property, and its value; null takes it out
 * @returns the changed document and the name of the module
 * @throws ManifestsError `ModuleUnknown`
 */
export function setModuleDesired(
  document: unknown,
  change: { readonly module?: string | undefined; readonly property: string; readonly value: unknown },
  source: string,
): { readonly document: unknown; readonly module: string } {
  const changed = structuredClone(document);
  const layer = childRecord(childRecord(changed, 'content'), 'modulesContent');
  const content = layer ?? childRecord(changed, 'modulesContent');
  if (content === undefined) {
    throw new ManifestsError(
      'ManifestInvalid',
      `cannot change ${source}: it has no modulesContent, so it is no deployment manifest`,
      {
        details: { source },
      },
    );
  }
  const module = moduleOf(changed, content, { wanted: change.module, source });
  const own: Record<string, unknown> = { ...childRecord(content, module) };
  const { property, value } = change;
  if (layer !== undefined && childRecord(own, DESIRED) === undefined) put(own, `${DESIRED}.${property}`, value);
  else {
    const desired: Record<string, unknown> = { ...childRecord(own, DESIRED) };
    put(desired, property, value);
    put(own, DESIRED, Object.keys(desired).length === 0 ? null : desired);
  }
  put(content, module, Object.keys(own).length === 0 ? null : own);
  return { document: changed, module };
}

function put(record: Record<string, unknown>, key: string, value: unknown): void {
  if (value === null) delete record[key];
  else record[key] = value;
}

function moduleOf(
  document: unknown,
  content: Readonly<Record<string, unknown>>,
  { wanted, source }: { readonly wanted: string | undefined; readonly source: string },
): string {
  const declared = templateModules(document)
    .filter(({ system }) => !system)
    .map(({ name }) => name);
  const names = [...new Set([...declared, ...Object.keys(content).filter((name) => !name.startsWith('$'))])];
  const [only] = names;
  if (wanted === undefined && names.length === 1 && only !== undefined) return only;
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  const list = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
  const what = wanted === undefined ? 'it is not said which module' : `there is no module "${wanted}"`;
  throw new ManifestsError('ModuleUnknown', `cannot change ${source}: ${what}; ${list}`, {
    details: { source, modules: names },
  });
}
