import { childRecord } from './json-record.ts';
import { ManifestsError } from './manifests-error.ts';

/**
 * Puts registries into a template of which only the addresses are said: user name and password are the variables
 * `NAME_USERNAME` and `NAME_PASSWORD`, and so stand in no file of the solution.
 *
 * @param registries addresses by name
 * @returns the variables without a value
 * @throws ManifestsError `SwitchInvalid` for a name that a variable cannot have, or a template without a runtime
 */
export function addRegistries(
  document: unknown,
  registries: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>>,
): readonly string[] {
  const missing: string[] = [];
  for (const [name, address] of Object.entries(registries)) {
    if (!/^[A-Za-z][\w-]*$/.test(name)) {
      throw refuse(name, 'a name begins with a letter, and has letters, digits, _ and - only');
    }
    const prefix = name.toUpperCase().replaceAll('-', '_');
    const names = [`${prefix}_USERNAME`, `${prefix}_PASSWORD`] as const;
    const [username = '', password = ''] = names.map((variable) => variables[variable]);
    missing.push(...names.filter((variable) => variables[variable] === undefined).map((variable) => `\${${variable}}`));
    putRegistry(document, name, { address, username, password });
  }
  return missing;
}

function putRegistry(document: unknown, name: string, credentials: Readonly<Record<string, string>>): void {
  const layer = childRecord(childRecord(childRecord(document, 'content'), 'modulesContent'), '$edgeAgent');
  if (layer !== undefined) {
    Object.assign(layer, { [`properties.desired.runtime.settings.registryCredentials.${name}`]: credentials });
    return;
  }
  const agent = childRecord(childRecord(document, 'modulesContent'), '$edgeAgent');
  const runtime = childRecord(childRecord(agent, 'properties.desired'), 'runtime');
  if (runtime === undefined) throw refuse(name, 'the template has no runtime');
  const settings = childRecord(runtime, 'settings') ?? {};
  const registryCredentials = { ...childRecord(settings, 'registryCredentials'), [name]: credentials };
  Object.assign(runtime, { settings: { ...settings, registryCredentials } });
}

function refuse(name: string, reason: string): ManifestsError {
  return new ManifestsError('SwitchInvalid', `cannot add the registry "${name}": ${reason}`, { details: { name } });
}
