import type { RegistryOptions } from '@edgewright/workspace';
import { CliError } from './cli-error.ts';

const USERNAME = 'EDGEWRIGHT_REGISTRY_USERNAME';
const PASSWORD = 'EDGEWRIGHT_REGISTRY_PASSWORD';

/** The names of the variables, for help texts. */
export const credentialVariables = { username: USERNAME, password: PASSWORD } as const;

/**
 * Who one is at a container registry, from flags and else from the environment; nothing when neither says so.
 *
 * @throws CliError `UsageInvalid` for a name without a password
 */
export function registryCredentials(
  environment: Readonly<Record<string, string | undefined>>,
  flags: { readonly username?: string; readonly password?: string } = {},
): Pick<RegistryOptions, 'credentials'> {
  const username = flags.username ?? environment[USERNAME];
  const password = flags.password ?? environment[PASSWORD];
  if ((username === undefined) !== (password === undefined)) {
    throw new CliError(
      'UsageInvalid',
      `a registry wants both a user name and a password: there is only a ${username === undefined ? 'password' : 'name'}; set ${USERNAME} and ${PASSWORD}, or give --username and --password`,
    );
  }
  return username === undefined || password === undefined ? {} : { credentials: { username, password } };
}
