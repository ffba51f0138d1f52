import type { Command } from 'commander';
import type { RegistryOptions } from '@edgewright/workspace';
import type { Invocation } from './invocation.ts';
import { credentialVariables, registryCredentials } from './registry-credentials.ts';

/** The flags of every verb that speaks to a container registry. */
export interface RegistryFlags {
  readonly username?: string;
  readonly password?: string;
  readonly dockerConfig?: string;
  readonly caFile?: string;
  readonly plainHttp?: boolean;
}

/** Adds the flags that {@link registryOptions} reads. */
export function addRegistryFlags(verb: Command): Command {
  return verb
    .option(
      '--username <name>',
      `who you are at the registry; default: ${credentialVariables.username}, else Docker's own file`,
    )
    .option('--password <secret>', `better set ${credentialVariables.password}: a command line is seen by others`)
    .option('--docker-config <file>', "Docker's file of credentials; default: ~/.docker/config.json")
    .option('--ca-file <file>', 'certificates to trust (PEM), for a registry of your own')
    .option('--plain-http', 'without TLS; the default only for a registry on this machine');
}

/** How to reach a registry, from flags and environment. @throws CliError `UsageInvalid` for a name without a password */
export function registryOptions(flags: RegistryFlags, invocation: Invocation): RegistryOptions {
  return {
    ...registryCredentials(invocation.context.environment, flags),
    ...(flags.dockerConfig === undefined ? {} : { dockerConfigFile: invocation.path(flags.dockerConfig) }),
    ...(flags.caFile === undefined ? {} : { caFile: invocation.path(flags.caFile) }),
    ...(flags.plainHttp === true ? { plainHttp: true } : {}),
  };
}
