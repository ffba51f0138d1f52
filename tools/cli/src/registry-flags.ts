import type { Command } from 'commander';
import type { RegistryOptions } from '@edgewright/workspace';
import { CliError } from './cli-error.ts';
import type { Invocation } from './invocation.ts';

/** The flags of every verb that speaks to a container registry. */
export interface RegistryFlags {
  readonly username?: string;
  readonly password?: string;
  readonly dockerConfig?: string;
  readonly caFile?: string;
  readonly plainHttp?: boolean;
}

const USERNAME = 'EDGEWRIGHT_REGISTRY_USERNAME';
const PASSWORD = 'EDGEWRIGHT_REGISTRY_PASSWORD';

/** Adds the flags that {@link registryOptions} reads. */
export function addRegistryFlags(verb: Command): Command {
  return verb
    .option('--username <name>', `who you are at the registry; default: ${USERNAME}, else Docker's own file`)
    .option('--password <secret>', `better set ${PASSWORD}: a command line is seen by others`)
    .option('--docker-config <file>', "Docker's file of credentials; default: ~/.docker/config.json")
    .option('--ca-file <file>', 'certificates to trust (PEM), for a registry of your own')
    .option('--plain-http', 'without TLS; the default only for a registry on this machine');
}

/** How to reach a registry, from flags and environment. @throws CliError `UsageInvalid` for a name without a password */
export function registryOptions(flags: RegistryFlags, invocation: Invocation): RegistryOptions {
  const { environment } = invocation.context;
  const username = flags.username ?? environment[USERNAME];
  const password = flags.password ?? environment[PASSWORD];
  if ((username === undefined) !== (password === undefined)) {
    throw new CliError(
      'UsageInvalid',
      `a registry wants both a user name and a password: there is only a ${username === undefined ? 'password' : 'name'}; set ${USERNAME} and ${PASSWORD}, or give --username and --password`,
    );
  }
  return {
    ...(username === undefined || password === undefined ? {} : { credentials: { username, password } }),
    ...(flags.dockerConfig === undefined ? {} : { dockerConfigFile: invocation.path(flags.dockerConfig) }),
    ...(flags.caFile === undefined ? {} : { caFile: invocation.path(flags.caFile) }),
    ...(flags.plainHttp === true ? { plainHttp: true } : {}),
  };
}
