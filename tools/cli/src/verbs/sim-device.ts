import type { Command } from 'commander';
import type { CreatedDevice, SimulatedDevice } from '@edgewright/workspace';
import { oneOf, port } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { keyValues, textTable } from '../text-table.ts';

interface CreateFlags {
  readonly deviceId: string;
  readonly edge?: boolean;
  readonly auth: 'sas' | 'selfSigned' | 'certificateAuthority';
  readonly thumbprint?: string;
  readonly mqttPort?: number;
  readonly state?: string;
}

const stateFlag = ['--state <dir>', 'the state folder of the simulator; default: simulator in the workspace'] as const;

/** `edgewright sim device create|list|offline|online`. */
export function defineSimDevice(group: Command, invocation: Invocation): void {
  const devices = group.command('device').description('devices of the simulated hub');
  devices
    .command('create')
    .description('create a device; an edge device starts its edgeHub and edge agent at once')
    .requiredOption('-d, --device-id <id>', 'the id of the device')
    .option('--edge', 'an IoT Edge device')
    .option(
      '--auth <how>',
      'sas, selfSigned (a certificate by its thumbprint) or certificateAuthority',
      oneOf('--auth', ['sas', 'selfSigned', 'certificateAuthority']),
      'sas',
    )
    .option('--thumbprint <hex>', 'of your own certificate; without it the simulator makes one')
    .option('--mqtt-port <n>', 'where its edgeHub listens; default: any free port', port('--mqtt-port'))
    .option(...stateFlag)
    .addHelpText('after', '\nExample:\n  $ edgewright sim device create -d plant-1 --edge')
    .action(async (flags: CreateFlags) => {
      const { deviceId, edge = false, mqttPort, auth, thumbprint } = flags;
      const device = await invocation.withSimulator(flags.state, (simulator) =>
        simulator.createDevice({
          deviceId,
          edge,
          authentication: auth,
          ...(thumbprint === undefined ? {} : { thumbprint }),
          ...(mqttPort === undefined ? {} : { mqttPort }),
        }),
      );
      invocation.terminal.result(device, () => createdText(device));
    });
  devices
    .command('list')
    .description('list devices and how their modules fare')
    .option(...stateFlag)
    .addHelpText('after', '\nExample:\n  $ edgewright sim device list')
    .action(async (flags: { state?: string }) => {
      const all = await invocation.withSimulator(flags.state, (simulator) => simulator.devices());
      invocation.terminal.result({ devices: all }, () =>
        all.length === 0 ? 'no devices' : all.map(deviceText).join('\n\n'),
      );
    });
  defineOnline(devices, invocation, { verb: 'offline', online: false });
  defineOnline(devices, invocation, { verb: 'online', online: true });
}

function defineOnline(
  devices: Command,
  invocation: Invocation,
  { verb, online }: { verb: string; online: boolean },
): void {
  devices
    .command(verb)
    .description(
      online ? 'connect an edge device to the hub again' : 'cut an edge device off from the hub; its messages wait',
    )
    .requiredOption('-d, --device-id <id>', 'the edge device')
    .option(...stateFlag)
    .addHelpText('after', `\nExample:\n  $ edgewright sim device ${verb} -d plant-1`)
    .action(async (flags: { deviceId: string; state?: string }) => {
      const device = await invocation.withSimulator(flags.state, (simulator) =>
        simulator.setOnline(flags.deviceId, online),
      );
      invocation.terminal.result(device, () => deviceText(device));
    });
}

function createdText(device: CreatedDevice): string {
  if (device.certificateFile === undefined) return deviceText(device);
  const files = keyValues([
    ['certificate', device.certificateFile],
    ['key', device.keyFile],
  ]);
  return `${deviceText(device)}\n${files}`;
}

function deviceText(device: SimulatedDevice): string {
  const head = keyValues([
    ['device', `${device.deviceId}${device.edge ? ' (edge)' : ''}`],
    ['connection', device.online === false ? 'cut off from the hub' : device.connectionState],
    ['edgeHub', device.gateway],
    ['connection string', device.connectionString],
  ]);
  if (device.modules.length === 0) return head;
  const modules = textTable(device.modules, [
    { heading: '  MODULE', cell: (module) => `  ${module.moduleId}` },
    { heading: 'CONNECTION', cell: (module) => module.connectionState },
    { heading: 'STATUS', cell: (module) => module.state?.status ?? '' },
    {
      heading: 'RESTARTS',
      cell: (module) => (module.state === undefined ? '' : String(module.state.restartCount)),
      align: 'right',
    },
    { heading: 'DESCRIPTION', cell: (module) => module.state?.description ?? '' },
  ]);
  return `${head}\n${modules}`;
}
