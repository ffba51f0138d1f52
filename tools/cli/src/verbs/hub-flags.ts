import type { Command } from 'commander';
import type { HubSelection } from '@edgewright/workspace';
import type { Invocation } from '../invocation.ts';

/** Flags that say which hub. */
export interface HubFlags {
  readonly login?: string;
  readonly hostName?: string;
  readonly caFile?: string;
  readonly state?: string;
}

/** Adds the flags that every verb about a hub has. */
export function withHubFlags(command: Command): Command {
  return command
    .option(
      '-l, --login <connection-string>',
      'connection string of an IoT Hub policy; default: IOTHUB_CONNECTION_STRING, else the simulator that runs in this workspace',
    )
    .option('--host-name <name>', 'the hub, NAME.azure-devices.net: log in by Entra ID, as this machine is')
    .option('--ca-file <file>', 'certificates to trust (PEM), for a hub that is not Azure’s')
    .option('--state <dir>', 'the state folder of the simulator, when it is not in this workspace');
}

/** The hub that the flags mean: what is said on the line wins over the environment. */
export function hubSelection(flags: HubFlags, invocation: Invocation): HubSelection {
  const { login, hostName, caFile, state } = flags;
  const fromEnvironment = hostName === undefined && state === undefined;
  const connectionString =
    login ?? (fromEnvironment ? invocation.context.environment['IOTHUB_CONNECTION_STRING'] : undefined);
  return {
    ...(connectionString === undefined ? {} : { connectionString }),
    ...(hostName === undefined ? {} : { hostName }),
    ...(caFile === undefined ? {} : { caFile: invocation.path(caFile) }),
    ...(state === undefined ? {} : { simulatorState: invocation.path(state) }),
  };
}
