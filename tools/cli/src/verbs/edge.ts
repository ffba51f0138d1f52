import type { Command } from 'commander';
import type { Invocation } from '../invocation.ts';

interface ApplyFlags {
  readonly deviceId: string;
  readonly content: string;
  readonly login?: string;
  readonly caFile?: string;
  readonly state?: string;
}

/** `edgewright edge apply`. */
export function defineEdge(program: Command, invocation: Invocation): void {
  const group = program.command('edge').description('configure IoT Edge devices');
  group
    .command('apply')
    .description('make a manifest the configuration of one edge device, at once')
    .requiredOption('-d, --device-id <id>', 'the edge device')
    .requiredOption('-k, --content <file>', 'the deployment manifest')
    .option(
      '-l, --login <connection-string>',
      'connection string of an IoT Hub policy that may write to the registry; default: IOTHUB_CONNECTION_STRING, else the simulator that runs in this workspace',
    )
    .option('--ca-file <file>', 'certificates to trust (PEM), for a hub that is not Azure’s')
    .option('--state <dir>', 'the state folder of the simulator, when it is not in this workspace')
    .addHelpText('after', '\nExample:\n  $ edgewright edge apply -d plant-1 -k config/scorer.amd64.json')
    .action(async (flags: ApplyFlags) => {
      const connectionString =
        flags.login ??
        (flags.state === undefined ? invocation.context.environment['IOTHUB_CONNECTION_STRING'] : undefined);
      await invocation.withWorkspace((workspace) =>
        workspace.edge.apply({
          deviceId: flags.deviceId,
          manifest: invocation.path(flags.content),
          ...(connectionString === undefined ? {} : { connectionString }),
          ...(flags.caFile === undefined ? {} : { caFile: invocation.path(flags.caFile) }),
          ...(flags.state === undefined ? {} : { simulatorState: invocation.path(flags.state) }),
        }),
      );
      invocation.terminal.result({ deviceId: flags.deviceId, applied: true }, () => `applied to ${flags.deviceId}`);
    });
}
